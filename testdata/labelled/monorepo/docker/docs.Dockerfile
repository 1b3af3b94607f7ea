FROM squidfunk/mkdocs-material:9
COPY docs/ /docs/
COPY mkdocs.yml /docs/
RUN mkdocs build
