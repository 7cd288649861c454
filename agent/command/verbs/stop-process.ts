import stopProcess from '#shared/commands/stop-process.ts'
import { signalled } from '../signalled.ts'
import { defineVerb } from '../verb.ts'

/** What a program has to put its things in order. */
const graceMs = 3_000
const stepMs = 50

export default defineVerb({
  command: stopProcess,
  async run({ processes, time }, named) {
    const pause = () => new Promise<void>((resolve) => void time.after(stepMs, resolve))
    const asked = processes.signal(named, 'SIGTERM')
    if (asked.kind !== 'process') return signalled(asked, 'ended')
    // A halted one would hear of it only when it goes on.
    processes.signal(named, 'SIGCONT')
    for (let waitedMs = 0; waitedMs < graceMs; waitedMs += stepMs) {
      if (processes.find(named).kind === 'gone') return signalled(asked, 'ended')
      await pause()
    }
    processes.signal(named, 'SIGKILL')
    await pause()
    return processes.find(named).kind === 'gone'
      ? signalled(asked, 'ended, by force')
      : { outcome: 'failed', detail: `${asked.name} does not end, not even by force` }
  },
})
