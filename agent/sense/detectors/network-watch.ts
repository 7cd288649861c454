import { sentenceOf } from '#shared/domain/fault.ts'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { usualNetwork } from '#shared/domain/network-settings.ts'
import type { Facts } from '#shared/domain/signal.ts'
import { type Cancel, hours, minutes, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { defineDetector, type Say, type WatchContext } from '../define-detector.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { createDestinations } from '../network/destinations.ts'
import { KnownListeners, Listeners, SteadyDoors } from '../network/listeners.ts'
import { MissingNeighbours, type Scan, ScanCount } from '../network/scan.ts'
import { readDoors, readSockets, type Socket } from '../network/sockets.ts'
import { KeptVisitors } from '../network/visitors.ts'
import { WorthReading } from '../network/worth-reading.ts'

/*
 * security.network.listener (row 11): a port (TCP, or UDP that stays open for a minute) that other machines reach and that is new here; learnt silently for 14 days, kept over restarts;
 * who opens more than a hundred is said once (low). security.network.bad-destination (row 21): talk with an address on the policy's list.
 * security.network.scan (row 21): within a minute 20 hosts asked at one port or 100 ports of one host, none of which answered yet, or 20
 * neighbours that aren't there (a scan that makes its own packets leaves no socket, but asks for addresses). Read out of /proc/net within
 * two seconds of any dialling, ten of being dialled where addresses are listed, else once a minute; no program is started, and whose socket it is is looked for only when something is
 * said. A machine that forwards others' packets isn't judged by its neighbours. The
 * alert-rules have none for this. Threat: a scan slower than that is not seen here.
 */
const lookEveryMs = seconds(2)
const sayAgainAfterMs = hours(1)
const manyMissing = 20
const memoryName = 'listeners'
const visitorsName = 'visitors'
export default defineDetector({
  name: 'network-watch',
  platforms: ['linux'],
  async watch(probe, say, context) {
    const { time, settings, broken } = context
    const remembered = KnownListeners.safeParse(await settings.memory?.read(memoryName)).data
    const kept = { since: time.now(), udpSince: time.now(), known: [], ...remembered }
    if (remembered?.udpSince === undefined) await settings.memory?.write(memoryName, kept)
    settings.visitors?.remember(KeptVisitors.safeParse(await settings.memory?.read(visitorsName)).data ?? [])
    const look = createLook(probe, say, context, kept)
    await look()
    let next: Cancel = () => undefined
    let isStopped = false
    const plan = (): void => {
      if (!isStopped) next = time.after(lookEveryMs, () => void look().then(plan, (error: unknown) => broken(sentenceOf(error))))
    }
    plan()
    return {
      stop: async () => {
        isStopped = true
        next()
      },
    }
  },
})

function createLook(probe: Probe, say: Say, context: WatchContext, kept: KnownListeners): () => Promise<void> {
  const { time, settings } = context
  const known = new Listeners(kept)
  const steady = new SteadyDoors()
  const worthReading = new WorthReading()
  const isListed = createDestinations()
  const scans = new ScanCount()
  const gone = new MissingNeighbours()
  const said = new BoundedMap<{ at: number }>(1_000)
  const isDue = (key: string): boolean => {
    const entry = said.touch(key, () => ({ at: Number.NEGATIVE_INFINITY }))
    const due = time.monotonic() - entry.at >= sayAgainAfterMs
    if (due) entry.at = time.monotonic()
    return due
  }
  let hasLooked = false

  async function listeners(sockets: readonly Socket[]): Promise<void> {
    const fresh = known.take(sockets)
    if (fresh.some(({ kind }) => kind === 'listener')) await settings.memory?.write(memoryName, known.kept())
    if (!hasLooked) return
    for (const { kind, socket } of fresh) {
      if (known.isLearning(socket, time.now())) continue
      const owner = await ownerOf(probe, socket)
      await say(kind === 'listener' ? listener(socket, owner) : tooMany(socket, owner))
    }
  }

  async function destinations(sockets: readonly Socket[]): Promise<void> {
    const { badDestinations } = settings.network?.() ?? usualNetwork
    const served = new Set(sockets.filter(({ state }) => state === 'listening').map(({ local }) => local.port))
    for (const socket of sockets) {
      const { address } = socket.remote
      // Whoever knocks at a port that is open here was not sought by this machine.
      if (socket.state === 'listening' || served.has(socket.local.port) || !isListed(badDestinations, address) || !isDue(`bad ${address}`))
        continue
      await say(badDestination(socket, await ownerOf(probe, socket)))
    }
  }

  async function scanning(sockets: readonly Socket[]): Promise<void> {
    if ((settings.network?.() ?? usualNetwork).isScanner) return
    const asking = sockets.filter(({ state }) => state === 'asking')
    const scan = scans.take(
      asking.map(({ remote, inode }) => ({ ...remote, inode })),
      time.monotonic(),
    )
    const first = asking.find(({ inode }) => scan?.inodes.includes(inode))
    if (scan && isDue('scan')) return say(scanned(scan, first ? await ownerOf(probe, first) : unknown))
    const missing = gone.take((await probe.vitals.kernel('/proc/net/arp')) ?? '', time.monotonic())
    if (missing < manyMissing) return
    const isForwarding = (await probe.vitals.kernel('/proc/sys/net/ipv4/ip_forward'))?.trim() === '1'
    if (!isForwarding && isDue('scan')) await say(scanned({ way: 'hosts', about: 'this network', count: missing, inodes: [] }, unknown))
  }

  return async () => {
    const { badDestinations } = settings.network?.() ?? usualNetwork
    const isWorth = worthReading.take((await probe.vitals.kernel('/proc/net/snmp')) ?? '', badDestinations, time.monotonic())
    const tables = isWorth ? await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => probe.vitals.kernel(path))) : []
    const sockets = tables.flatMap((text) => readSockets(text ?? ''))
    const doors = isWorth ? await Promise.all(['/proc/net/udp', '/proc/net/udp6'].map((path) => probe.vitals.kernel(path))) : []
    const visitors = isWorth ? settings.visitors?.note(sockets, time.now()) : undefined
    if (visitors) await settings.memory?.write(visitorsName, visitors)
    const open = isWorth
      ? steady.take(
          doors.flatMap((text) => readDoors(text ?? '')),
          time.monotonic(),
        )
      : []
    await listeners([...sockets, ...open])
    await destinations(sockets)
    await scanning(sockets)
    hasLooked = true
  }
}

const unknown: Facts = { process: 'unknown' }

/** A socket's holder, as far as it can be found before it is gone. */
async function ownerOf(probe: Probe, { inode, userId }: Socket): Promise<Facts> {
  const pid = inode === '0' ? undefined : await probe.socketOwner(inode, userId)
  const facts = pid === undefined ? undefined : probe.process(pid)
  if (!facts) return { ...unknown, userId }
  return {
    process: facts.exe,
    pid: facts.pid,
    startTicks: facts.startTicks,
    commandLine: maskSecrets(facts.commandLine).slice(0, 1_000),
    userId,
  }
}

function listener({ local, userId, protocol }: Socket, owner: Facts) {
  const kind = 'security.network.listener'
  const name = protocol === 'udp' ? `UDP port ${local.port}` : `port ${local.port}`
  return {
    kind,
    severity: 'info' as const,
    about: name,
    fingerprint: `${kind}:${protocol === 'udp' ? 'udp ' : ''}${local.port}:${userId}`,
    summary: `${name.replace(/^p/, 'P')} is open to other machines, and never was before`,
    facts: { technique: 'T1571', address: local.address, port: local.port, ...owner },
  }
}

function tooMany({ userId }: Socket, owner: Facts) {
  const kind = 'security.network.listener'
  return {
    kind,
    severity: 'low' as const,
    about: `user ${userId}`,
    fingerprint: `${kind}:user ${userId}`,
    summary: `User ${userId} opens so many ports to other machines that no more of them are told`,
    facts: { technique: 'T1571', ...owner },
  }
}

function badDestination({ remote, local }: Socket, owner: Facts) {
  const kind = 'security.network.bad-destination'
  return {
    kind,
    severity: 'high' as const,
    about: remote.address,
    fingerprint: `${kind}:${remote.address}`,
    summary: `This machine talks with ${remote.address}, which is on the list of addresses it must not`,
    facts: { technique: 'T1071', address: remote.address, port: remote.port, localPort: local.port, ...owner },
  }
}

function scanned({ way, about, count }: Scan, owner: Facts) {
  const kind = 'security.network.scan'
  const what = way === 'hosts' ? `${count} machines at ${about}` : `${count} ports of ${about}`
  return {
    kind,
    severity: 'high' as const,
    about,
    fingerprint: kind,
    summary: `This machine asked ${what} within ${minutes(1) / seconds(1)} seconds, and was not answered`,
    facts: { technique: 'T1046', way, count, target: about, ...owner },
  }
}
