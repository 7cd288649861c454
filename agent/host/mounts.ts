import { stat, statfs } from 'node:fs/promises'
import type { DiskReading } from './probe.ts'

export interface Mount {
  /** major:minor of the device below. */
  device: string
  mount: string
  type: string
  source: string
}

/** Images: full by nature, and nobody can write there. */
const imageTypes = new Set(['squashfs', 'iso9660', 'erofs', 'udf', 'cramfs', 'romfs'])
/** File systems without a device in /dev that still hold data of this machine. */
const ownDeviceless = new Set(['zfs', 'ubifs', 'virtiofs'])

/**
 * The mounts whose space is this machine's own. Left out: what the kernel makes up (proc, tmpfs, …), images, layers of
 * containers, and what lies on another machine: a `statfs` there can hang for ever and would take one of Node's four
 * file threads with it.
 */
export function parseMounts(mountinfo: string): Mount[] {
  const mounts = mountinfo.split('\n').flatMap(parseLine).filter(isOwn)
  const byDevice = new Map<string, Mount>()
  for (const mount of mounts) {
    const known = byDevice.get(storeOf(mount))
    if (!known || mount.mount.length < known.mount.length) byDevice.set(storeOf(mount), mount)
  }
  return [...byDevice.values()].sort((a, b) => (a.mount < b.mount ? -1 : 1))
}

/** proc(5): id parent major:minor root mount options [fields…] - type source options. */
function parseLine(line: string): Mount[] {
  const [before = '', after = ''] = line.split(' - ')
  const [, , device, , mount] = before.split(' ')
  const [type, source] = after.split(' ')
  if (device === undefined || mount === undefined || type === undefined || source === undefined) return []
  return [{ device, mount: unescaped(mount), type, source: unescaped(source) }]
}

/** The kernel writes space, tab, newline and backslash as octal. */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

function isOwn(mount: Mount): boolean {
  if (imageTypes.has(mount.type)) return false
  // In a container the root is a layer; every other layer is somebody's container.
  if (mount.mount === '/') return mount.type !== 'tmpfs' && mount.type !== 'rootfs'
  return mount.source.startsWith('/dev/') || ownDeviceless.has(mount.type)
}

/** Bind mounts and subvolumes share their device, data sets of one ZFS pool their space. */
const storeOf = (mount: Mount): string => (mount.type === 'zfs' ? `zfs:${mount.source.split('/')[0]}` : mount.device)

/** A mount that went away meanwhile, or is a single file (containers' /etc/hosts), is no disk. */
export async function readDisk(mount: Mount): Promise<DiskReading | undefined> {
  const found = await stat(mount.mount).catch(() => undefined)
  if (!found?.isDirectory()) return undefined
  const space = await statfs(mount.mount).catch(() => undefined)
  if (!space || space.blocks === 0) return undefined
  const used = space.blocks - space.bfree
  const usable = used + space.bavail
  return {
    mount: mount.mount,
    device: mount.source,
    type: mount.type,
    totalBytes: space.blocks * space.bsize,
    freeBytes: space.bavail * space.bsize,
    usedRatio: usable === 0 ? 1 : Math.min(1, Math.max(0, used / usable)),
  }
}
