ARG TAG=1 NAME=img
FROM example.test/${NAME}:$TAG AS one
ENV A=1 B=$A
ENV B=$A C=${A}2 D=${UNSET:-literal} E=${A:+"alt value"} F=${UNSET:-${A}} G='$A' H=\$A I="$A\$A" J="${UNSET2:-${UNSET3-deep value}}"
ARG TOKEN
ARG TAG
ARG WITH=${TAG:-none}
ENV PROMOTED=$TOKEN TAGGED=v$TAG K=${A:?message} L=${A#1} M=$A$B$C
FROM one
ENV N=$B O=${TOKEN:+x}
RUN echo ${DB_PASSWORD:-run-default} "${A:-"quoted default"}" ${A:-}
COPY ${SRC:-id_rsa} $DST
LABEL url=https://${USER:-admin}:${PASS:-s3cret}@example.test
