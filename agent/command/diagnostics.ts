import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { gzipSync } from 'node:zlib'
import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { writeTar } from '#shared/protocol/tar.ts'
import type { Ended, Host } from '../host/host.ts'

/*
 * What `collect-diagnostics` reads, and nothing else: a fixed list of programs that only look. Promises: each section is
 * bounded and says when it was cut, its hash is of what was read, and what looks like a secret in a command line is
 * masked here, before it leaves the machine. Threat: whoever runs the collector reads this of every machine.
 */

export interface Section {
  name: string
  text: string
  isCut: boolean
  sha256: string
}

/** A section as a record takes it, and the whole of it. */
export interface Read {
  section: Section
  whole: Buffer
}

/** As JSON writes it, where a quote takes two bytes and a control character six: ten of them fit into a record. */
const maxSectionBytes = 24_000
const timeoutMs = 10_000

interface Look {
  name: string
  program: string
  args: readonly string[]
  /** Where the first is not on this machine. */
  otherwise?: { program: string; args: readonly string[] }
}

const looks: readonly Look[] = [
  { name: 'processes', program: 'ps', args: ['-eo', 'pid,ppid,user,lstart,stat,rss,args', '--sort=-rss'] },
  { name: 'connections', program: 'ss', args: ['-Htunap'] },
  { name: 'signed in', program: 'who', args: ['-a'] },
  { name: 'log-ons', program: 'last', args: ['-n', '40', '-w', '-F'] },
  { name: 'warnings', program: 'journalctl', args: ['-p', 'warning', '-n', '200', '--no-pager', '-o', 'short-iso'] },
  { name: 'addresses', program: 'ip', args: ['-brief', 'address'] },
  { name: 'routes', program: 'ip', args: ['route'] },
  // Whether the gateway answers, and by which address it does.
  { name: 'neighbours', program: 'ip', args: ['neigh'] },
]

const mostHops = '12'

/** By which way this machine's packets go to its collector; an isolated one hears of no router on it. */
const waysTo = (address: string): Look[] =>
  isIP(address) === 0
    ? []
    : [
        { name: 'route to the collector', program: 'ip', args: ['route', 'get', address] },
        {
          ...{ name: 'hops to the collector', program: 'tracepath', args: ['-n', '-m', mostHops, address] },
          otherwise: { program: 'traceroute', args: ['-n', '-m', mostHops, '-q', '1', '-w', '1', address] },
        },
      ]

/** @param collector its address now; undefined: none is known. @param read is told how many of them were read. */
export function diagnose(host: Host, collector: string | undefined, read: (count: number, of: number) => void): Promise<Read[]> {
  const all = [...looks, ...waysTo(collector ?? '')]
  let count = 0
  return Promise.all(
    all.map(async (each) => {
      const whole = Buffer.from(maskSecrets(textOf(await look(host, each))))
      read(++count, all.length)
      return { section: cutTo(each.name, whole), whole }
    }),
  )
}

async function look(host: Host, { program, args, otherwise }: Look): Promise<Ended> {
  const ended = await host.run(program, args, { timeoutMs })
  return ended.kind === 'missing' && otherwise ? host.run(otherwise.program, otherwise.args, { timeoutMs }) : ended
}

export const sectionOf = (name: string, text: string): Section => cutTo(name, Buffer.from(maskSecrets(text)))

function cutTo(name: string, whole: Buffer): Section {
  const kept = bounded(whole, maxSectionBytes)
  return { name, text: kept.toString('utf8'), isCut: kept.length < whole.length, sha256: hashOf(whole) }
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** All of it, whole, with the hash of each: what `sha256sum -c` takes. */
export function archiveOf(reads: readonly Read[], at: number): Buffer {
  const files = reads.map(({ section: { name }, whole }) => ({ name: `${name.replaceAll(' ', '-')}.txt`, content: whole }))
  const sums = files.map(({ name, content }) => `${hashOf(content)}  ${name}\n`).join('')
  return gzipSync(writeTar([...files, { name: 'SHA256SUMS', content: Buffer.from(sums) }], at))
}

/** Its beginning, as much as JSON writes in `most` bytes. */
export function bounded(bytes: Buffer, most: number): Buffer {
  let kept = bytes.subarray(0, most)
  while (Buffer.byteLength(JSON.stringify(kept.toString('utf8'))) > most) kept = kept.subarray(0, Math.floor(kept.length * 0.8))
  return kept
}

function textOf(ended: Ended): string {
  if (ended.kind === 'missing') return `(${ended.program} is not on this machine)`
  if (ended.kind === 'timed-out') return `(${ended.program} did not end in time)`
  return ended.stdout || `(nothing; ${ended.stderr.slice(0, 200)})`
}
