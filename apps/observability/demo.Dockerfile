# The demo, from the sources of this repository.
FROM node:24.21.0-bookworm-slim
WORKDIR /switchgear
COPY . .
RUN npx --yes pnpm@12.21.0 install --frozen-lockfile --filter '@switchgear/demo...'
USER node
CMD ["node", "--conditions=@switchgear/source", "apps/demo/src/main.ts"]
