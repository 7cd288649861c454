import { readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { createHost } from '../../agent/host/host.ts'
import { createHaste } from '../../agent/host/priority.ts'
import { systemTime } from '../../agent/system-time.ts'

/** Says where its threads stand before, while it hurries, and after; and where what it starts meanwhile does. */
const places = (): number[] => [...new Set(readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread))))]

// The pool has its threads from now on.
await Promise.all([1, 2, 3, 4].map(() => stat('.')))
const later: (() => void)[] = []
const hurry = createHaste({
  after: (_ms, run) => {
    later.push(run)
    return () => undefined
  },
})
const before = places()
hurry()
hurry()
const hasty = places()
const started = await createHost(systemTime).run('nice', [], { timeoutMs: 10_000 })
const times = later.length
for (const run of later.splice(0)) run()
const after = places()
console.log(JSON.stringify({ before, hasty, started: started.kind === 'ended' ? Number(started.stdout) : null, times, after }))
