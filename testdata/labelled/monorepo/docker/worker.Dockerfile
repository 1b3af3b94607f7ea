FROM python:3.12-slim
ADD . /srv
RUN rm -f /srv/.env
ENTRYPOINT ["python", "-m", "worker", "--broker", "amqp://worker:{{alnum 16}}@mq/jobs"]
