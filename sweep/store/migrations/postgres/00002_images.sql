-- +goose Up
-- When the images of a repository were looked into last, and which ones they were.
CREATE TABLE images_seen (
    repository BIGINT PRIMARY KEY,
    at         BIGINT NOT NULL,
    digests    TEXT NOT NULL  -- by name, as JSON
);
