import { writeFileSync } from 'node:fs'
import { memoryFile } from './memory.ts'

// Loaded into a process that is looked at from outside (`--import`, with `--expose-gc`): told so by SIGUSR2, it lets go of
// what it doesn't need and writes down what it holds.

process.on('SIGUSR2', () => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  writeFileSync(memoryFile(process.pid), JSON.stringify(process.memoryUsage()))
})
