#!/usr/bin/env node
// Plain JavaScript that an old Node can read, so that it gets a sentence here instead of a stack trace later.
const oldestNode = 26

if (Number(process.versions.node.split('.')[0]) < oldestNode) {
  console.error(
    `The Tierline agent needs Node ${oldestNode} or newer, and this is ${process.version}: run \`npm ci\` once, then \`npm run agent\` brings its own.`,
  )
  process.exit(1)
}
// What was compiled is kept beside the code, which is half of a start. Never in the folder for temporary files: others write there.
const { enableCompileCache } = await import('node:module')
enableCompileCache(`${import.meta.dirname}/../node_modules/.cache/tierline`)
if (process.argv[2] === 'run') (await import('../agent/light-foot.ts')).beginLight(process, process.env)
const { main } = await import('../agent/main.ts')
process.exit(await main(process.argv.slice(2)))
