import { getPriority } from 'node:os'
import { beginLight } from '../../agent/light-foot.ts'

/** Says what it is like once it has begun light. */
beginLight(process, process.env)
const { pid, execArgv, env } = process
console.log(JSON.stringify({ pid, nice: getPriority(), flags: execArgv, arenas: env.MALLOC_ARENA_MAX, words: process.argv.slice(2) }))
