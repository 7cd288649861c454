#!/usr/bin/env node
// Plain JavaScript that an old Node can read, so that it gets a sentence here instead of a stack trace later.
const oldestNode = 26

if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  console.error(
    `The Tierline agent needs Node ${oldestNode} or newer, and this is ${process.version}: run \`npm ci\` once, then \`npm run agent\` brings its own.`,
  )
  process.exit(1)
}
import('../agent/main.ts').then(({ main }) => main(process.argv.slice(2))).then((exitCode) => process.exit(exitCode))
