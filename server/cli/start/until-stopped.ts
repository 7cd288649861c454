import { seconds } from '#shared/domain/time.ts'

/** Nobody waits longer than this for a Ctrl-C to work. */
const stopWithinMs = seconds(5)
/** One Ctrl-C arrives twice below npm: from the terminal, and passed on by npm itself. */
const sameKeyMs = seconds(1)

/** Resolves with the first request to stop. A second one, pressed later on purpose, ends the process at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    const ask = (signal: NodeJS.Signals): void => {
      if (askedAt !== undefined && Date.now() - askedAt > sameKeyMs) process.exit(1)
      askedAt ??= Date.now()
      resolve(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask)
  })
}

/** Runs the stops in their order; when they take too long, the process ends all the same, with one sentence. */
export async function stopInTime(stops: readonly (() => Promise<void>)[]): Promise<void> {
  const timer = setTimeout(() => {
    process.stderr.write(`Not everything had stopped after ${stopWithinMs / seconds(1)} s; nothing that was acknowledged is lost.\n`)
    process.exit(1)
  }, stopWithinMs)
  for (const stop of stops) await stop()
  clearTimeout(timer)
}
