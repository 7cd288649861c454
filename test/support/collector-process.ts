import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startCollector } from '../../server/app.ts'
import { systemTime } from '../../server/system-time.ts'
import { top } from './program.ts'

/*
 * A real collector as a process to be put on a machine of its own. Its console listens on that machine's loopback
 * address alone, as by default, so a socket in the data folder leads there from outside. Prints one JSON line when it
 * stands; ends when its stdin does.
 */
const options = {
  data: { type: 'string' },
  address: { type: 'string' },
  port: { type: 'string' },
  'agents-port': { type: 'string' },
} as const
const { data = '', address = '', port: consolePort = '7840', 'agents-port': agentsPort = '7843' } = parseArgs({ options }).values

const collector = await startCollector(
  {
    dataDir: data,
    database: 'sqlite',
    drills: true,
    console: { host: '127.0.0.1', port: Number(consolePort) },
    agents: { host: '::', port: Number(agentsPort) },
    publicUrl: `https://${address}:7840`,
    consoleDist: join(top, 'server/console/dist'),
    logLevel: 'warn',
  },
  { time: systemTime, log: pino({ level: process.env.TIERLINE_LOG_LEVEL ?? 'warn' }, process.stderr) },
)
const socketPath = join(data, 'console.sock')
const { hostname, port } = new URL(collector.consoleUrl)
const door = createServer((outer) => {
  const inner = connect({ host: hostname, port: Number(port) })
  outer.on('error', () => inner.destroy()).pipe(inner)
  inner.on('error', () => outer.destroy()).pipe(outer)
})
door.listen(socketPath, () => {
  process.stdout.write(`${JSON.stringify({ consoleUrl: collector.consoleUrl, socketPath, signIn: collector.firstSignIn })}\n`)
})

process.stdin.resume().on('end', async () => {
  door.close()
  await collector.stop()
  process.exit(0)
})
