#syntax = docker/dockerfile:1.7
# CHECK=skip=JSONArgsRecommended,SecretsUsedInArgOrEnv
# escape=\
# just a comment
# escape=`
FROM alpine
# hadolint global ignore=DL3018
# ENV OLD_PASSWORD=commented
# ENV OLD_SECRET spaced
# ARG variables are set below
#LABEL a=b "c"='d'
# check=skip=SecretsUsedInArgOrEnv // needed for the tests

# hadolint ignore=DL3064,SC2086 # why
ENV A_PASSWORD=x
# check=skip=all
#
ENV B_PASSWORD=x
# check=skip=all
# check=skip=Other
ARG C_PASSWORD=x
  # check=skip=all
ARG D_PASSWORD=x
# rummage:allow test fixture
ARG E_PASSWORD=x
# hadolint ignore=DL3064

ARG F_PASSWORD=x
# hadolint stage ignore=DL3064
FROM b
# check=skip=bad;unknown=1
RUN a # check=skip=all
