# escape=`
FROM alpine
ENV A=1 `
  # c
  B=2
RUN <<E
C=3
E
ENV D val ue
