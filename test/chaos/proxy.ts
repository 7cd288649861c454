import { once } from 'node:events'
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net'
import { Carrier } from './carrier.ts'
import { calm, type Direction, type Weather } from './weather.ts'

/*
 * The way between one agent and the collector, with faults: raw TCP on loopback, because TLS hides what is in it. What
 * is silenced or slowed waits here, in order, as TCP would bring it late: nothing is taken out of the stream.
 */
export interface Way {
  /** Where the agent dials. */
  port: number
  /** Where it leads; a collector keeps its port over a restart. */
  leadsTo(port: number): void
  /** Every connection ends with a reset. */
  reset(): void
  /** New connections are reset, too, until it is let again. */
  refuse(isRefusing: boolean): void
  /** Nothing passes in this direction, not even that the other end has gone. */
  silence(direction: Direction, isSilent: boolean): void
  /** Milliseconds that every piece waits. */
  delay(direction: Direction, ms: number): void
  /** Bytes a second, each way; 0: as many as there are. */
  throttle(bytesPerSecond: number): void
  /** Everything as it was; what waited comes through. */
  heal(): void
  close(): Promise<void>
}

export async function openWay(to = 0): Promise<Way> {
  const weather: Weather = calm()
  const carriers = new Set<Carrier>()
  let target = to
  const server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => near.destroy())
    if (weather.isRefusing || target === 0) return void near.resetAndDestroy()
    const far = dial({ host: '127.0.0.1', port: target, allowHalfOpen: true })
    join(near, far)
  })
  const join = (near: Socket, far: Socket): void => {
    for (const [from, onto, direction] of [
      [near, far, 'up'],
      [far, near, 'down'],
    ] as const) {
      const carrier = new Carrier(from.setNoDelay(true), onto, direction, weather)
      carriers.add(carrier)
      onto.once('close', () => carriers.delete(carrier))
    }
  }
  const reset = (): void => {
    for (const carrier of carriers) carrier.cut()
  }
  const change = (changes: Partial<Weather>): void => {
    Object.assign(weather, changes)
    for (const carrier of carriers) carrier.go()
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    leadsTo: (port) => {
      target = port
    },
    reset,
    refuse: (isRefusing) => {
      change({ isRefusing })
      if (isRefusing) reset()
    },
    silence: (direction, isSilent) => change({ isSilent: { ...weather.isSilent, [direction]: isSilent } }),
    delay: (direction, ms) => change({ delayMs: { ...weather.delayMs, [direction]: ms } }),
    throttle: (bytesPerSecond) => change({ bytesPerSecond }),
    heal: () => change(calm()),
    close: async () => {
      reset()
      server.close()
      await once(server, 'close')
    },
  }
}
