import { lstat, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fact, Neighbour } from '#shared/domain/inventory.ts'
import { fieldOf, releaseOf } from '#shared/domain/system-release.ts'

/*
 * What a Linux machine says of itself in files: enters the root of a file system, leave facts, each with where it was
 * read. No program is started. What isn't there is no fact; only beginnings are read, so no file is too long.
 */
const maxBytes = 262_144

type Read = (path: string) => Promise<string | undefined>

export async function readLinuxFacts(root = '/'): Promise<Fact[]> {
  const read: Read = (path) => beginningOf(join(root, path))
  const found = await Promise.all([release(read), firmware(read), virtualisation(read), container(read), runtimes(root), people(read)])
  return found.filter((fact) => fact !== undefined)
}

/** Complete entries of the kernel's table, by interface and address. */
export async function readNeighbours(root = '/'): Promise<Neighbour[]> {
  const lines = ((await beginningOf(join(root, '/proc/net/arp'))) ?? '').split('\n').slice(1)
  const entries = lines.map((line) => line.trim().split(/\s+/))
  return entries
    .filter(({ length, 2: flags }) => length === 6 && (Number(flags) & 0x2) !== 0)
    .map(([address = '', , , mac = '', , device = '']) => ({ interface: device, address, mac }))
    .toSorted((a, b) => (`${a.interface} ${a.address}` < `${b.interface} ${b.address}` ? -1 : 1))
    .slice(0, 200)
}

async function release(read: Read): Promise<Fact | undefined> {
  const path = '/etc/os-release'
  const text = (await read(path)) ?? (await read('/usr/lib/os-release'))
  if (text === undefined) return undefined
  const found = releaseOf(text)
  const from = `${path}: ID=${fieldOf(text, 'ID')}, VERSION_ID=${fieldOf(text, 'VERSION_ID') || 'missing'}`
  return fact('release', found ? `${found.product} ${found.cycle}` : 'unknown to endoflife.date', from)
}

async function firmware(read: Read): Promise<Fact | undefined> {
  const folder = '/sys/class/dmi/id'
  const [date, version] = await Promise.all([read(`${folder}/bios_date`), read(`${folder}/bios_version`)])
  const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})/.exec(date ?? '') ?? []
  return year === undefined
    ? undefined
    : fact('firmware', `${version?.trim() || 'unnamed'} of ${year}-${month}-${day}`, `${folder}/bios_date`)
}

const makers: [RegExp, string][] = [
  [/qemu|kvm|bochs/i, 'KVM or QEMU'],
  [/vmware/i, 'VMware'],
  [/innotek|virtualbox/i, 'VirtualBox'],
  [/xen/i, 'Xen'],
  [/microsoft corporation virtual/i, 'Hyper-V'],
  [/amazon ec2/i, 'Amazon EC2'],
  [/google/i, 'Google Compute Engine'],
]

async function virtualisation(read: Read): Promise<Fact | undefined> {
  const [vendor = '', product = ''] = await Promise.all(['sys_vendor', 'product_name'].map((name) => read(`/sys/class/dmi/id/${name}`)))
  const says = `${vendor.trim()} ${product.trim()}`
  const maker = makers.find(([pattern]) => pattern.test(says))?.[1]
  if (maker !== undefined) return fact('virtual machine', maker, `/sys/class/dmi/id: ${says}`)
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test((await read('/proc/cpuinfo')) ?? '')
  return isGuest ? fact('virtual machine', 'unknown kind', '/proc/cpuinfo: the processor says that there is a hypervisor') : undefined
}

async function container(read: Read): Promise<Fact | undefined> {
  if ((await read('/.dockerenv')) !== undefined) return fact('container', 'Docker', '/.dockerenv')
  if ((await read('/run/.containerenv')) !== undefined) return fact('container', 'Podman', '/run/.containerenv')
  return /\/lxc(\/|\.)/.test((await read('/proc/1/cgroup')) ?? '') ? fact('container', 'LXC', '/proc/1/cgroup') : undefined
}

const sockets = {
  Docker: '/run/docker.sock',
  containerd: '/run/containerd/containerd.sock',
  'CRI-O': '/run/crio/crio.sock',
  Podman: '/run/podman/podman.sock',
}

async function runtimes(root: string): Promise<Fact | undefined> {
  const isThere = (path: string): Promise<boolean> => lstat(join(root, path)).then(Boolean, () => false)
  const asked = Object.entries(sockets).map(async ([name, path]) => ({ name, path, isThere: await isThere(path) }))
  const there = (await Promise.all(asked)).filter((each) => each.isThere)
  if (there.length === 0) return undefined
  return fact('runs containers', there.map(({ name }) => name).join(', '), there.map(({ path }) => path).join(', '))
}

/** Accounts of people, as distributions number them, that may sign in. */
async function people(read: Read): Promise<Fact | undefined> {
  const rows = ((await read('/etc/passwd')) ?? '').split('\n').map((line) => line.split(':'))
  const names = rows
    .filter(([, , id = '', , , , shell = '']) => Number(id) >= 1_000 && Number(id) < 65_534 && !/(nologin|false)$/.test(shell))
    .map(([name = '']) => name)
  if (names.length === 0) return undefined
  const more = names.length > 20 ? ` and ${names.length - 20} more` : ''
  return fact('users', `${names.slice(0, 20).join(', ')}${more}`, '/etc/passwd: numbers from 1000 on with a shell')
}

const fact = (name: string, value: string, from: string): Fact => ({ name, value: value.slice(0, 500), from: from.slice(0, 500) })

/** Regular files only: a FIFO in its place would hold us up. */
async function beginningOf(path: string): Promise<string | undefined> {
  const about = await stat(path).catch(() => undefined)
  if (!about?.isFile()) return undefined
  const file = await open(path).catch(() => undefined)
  try {
    const { buffer, bytesRead } = (await file?.read(Buffer.alloc(maxBytes), 0, maxBytes, 0)) ?? { buffer: Buffer.alloc(0), bytesRead: 0 }
    return file && buffer.toString('utf8', 0, bytesRead)
  } catch {
    // A file of /sys may be there and not be readable: it says nothing then.
    return undefined
  } finally {
    await file?.close()
  }
}
