import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seconds } from '#shared/domain/time.ts'
import { storeUrlOf } from '../../server/config.ts'
import { databaseSetting } from '../support/database.ts'
import { freePort, type Program, startProgram } from '../support/program.ts'

/** A real collector, in a process and a folder of its own, which go with it. */
export interface OwnCollector {
  dataDir: string
  /** For a look into its database from outside. */
  storeUrl: string
  agentsUrl: string
  pid(): number
  /** What it has logged so far as warnings or worse. */
  complaints(): string[]
  /** Ends it by `signal` and starts it again on the same folder and ports. @returns the milliseconds it was away. */
  restart(signal: NodeJS.Signals): Promise<number>
  stop(): Promise<void>
}

const startsWithinMs = seconds(60)

/** `nodeArgs`: for those who look at the process closely. */
export async function startOwnCollector(nodeArgs: string[] = []): Promise<OwnCollector> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tierline-swarm-'))
  const database = await databaseSetting(dataDir)
  const port = await freePort()
  const args = ['up', '--data', dataDir, '--database', database, '--port', '0', '--agents-port', String(port), '--log-level', 'warn']
  const start = async (): Promise<Program> => {
    const program = startProgram(args, nodeArgs)
    await program.prints(/Agents +(\S+)/, startsWithinMs)
    return program
  }
  const remove = () => rm(dataDir, { recursive: true, force: true })
  let program = await start().catch(async (error: unknown) => {
    await remove()
    throw error
  })
  const before: string[] = []
  const { agentsUrl } = JSON.parse(readFileSync(join(dataDir, 'collector.json'), 'utf8')) as { agentsUrl: string }
  return {
    ...{ dataDir, agentsUrl, storeUrl: storeUrlOf({ database, dataDir }) },
    pid: () => program.pid,
    complaints: () => [...before, ...complaintsIn(program.output())],
    restart: async (signal) => {
      const startedAt = performance.now()
      await program.stop(signal)
      before.push(...complaintsIn(program.output()))
      program = await start()
      return performance.now() - startedAt
    },
    stop: async () => {
      await program.stop()
      await remove()
    },
  }
}

const complaintsIn = (output: string): string[] => output.split('\n').filter((line) => /^\{"level":[4-6]0/.test(line))
