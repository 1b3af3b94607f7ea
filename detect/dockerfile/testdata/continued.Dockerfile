# syntax=docker/dockerfile:1
FROM alpine
ENV SPLIT_TOKEN=abc\
def\
ghi
ENV FIRST=1 \
    # OLD_PASSWORD=commented-out
    SECOND=2 \

    THIRD=3 \   
#   FOURTH=4
    FIFTH="a \
b"
RUN export API_KEY=key-\
123 && \
    # a comment between
    run --token \
        split-\
value \\
USER no\
body
RUN a \\ \
  b
COPY a\
b c\
d /e

  \
RUN lonely
ENV LAST=one \