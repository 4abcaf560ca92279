# syntax=docker/dockerfile:1
# One image for every role; docker-compose.yml says which. Runs on amd64 and arm64: the packages with native parts
# (DuckDB, LMDB) bring theirs for both.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:20.20.2-bookworm-slim AS run
ENV NODE_ENV=production \
    LAMPLIGHTER_DATA=/data
WORKDIR /app
# What runs belongs to root, and whoever runs it cannot change it.
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A new volume takes over owner and permissions from here.
RUN mkdir -m 700 /data && chown node:node /data
VOLUME /data
USER node
# 1883 MQTT, 8883 MQTT over TLS, 8080 console, 8090 the other roles of the city
EXPOSE 1883 8883 8080 8090
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
  CMD ["node", "dist/cli/main.js", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["start", "--city", "none"]
