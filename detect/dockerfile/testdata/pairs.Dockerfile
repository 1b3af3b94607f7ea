# The forms of ENV, ARG and LABEL.
ARG REGISTRY=registry.example.test
ARG GLOBAL_TOKEN=global-value OTHER
FROM ${REGISTRY}/base:1
ENV DB_PASSWORD hunter2
ENV DB_PHRASE correct horse  battery
ENV ONE TWO= THREE=world
ENV A_KEY=abc== B_KEY="quoted value" C_KEY='single $HOME' D_KEY=esc\ aped E_KEY="say \"hi\"" F_KEY=mid"dle q"uote
env lower=case
ENV EMPTY= EMPTY_QUOTED="" SPACED="  "
ENV	TABBED	value
ARG NPM_TOKEN
ARG PIP_TOKEN= GEM_TOKEN="gem value" PLAIN
ARG "quoted name"
LABEL "com.example.vendor"="ACME Incorporated" version=1.0
LABEL com.example.note some text in the old form
LABEL multi.label1="value1" \
      multi.label2="value2" \
      other="value3"
ENV "WHOLE=in marks"
ENV HASH=a#b #no=comment
