import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { probeArgs } from './memory.ts'

/** Starts the yardstick; the collector's agents may dial it instead. `at`: its port, any free one when absent. */
export async function startBareHolder(dataDir: string, at = 0): Promise<{ pid: number; url: string; stop(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'holder.ts'), [join(dataDir, 'keys'), String(at)], { execArgv: probeArgs })
  const [port] = (await once(child, 'message')) as [number]
  return {
    pid: child.pid ?? 0,
    url: `https://127.0.0.1:${port}`,
    stop: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
