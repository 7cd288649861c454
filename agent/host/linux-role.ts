import { lstat, readFile, readlink } from 'node:fs/promises'
import { type Offers, readOffers } from './linux-offers.ts'
import type { RoleReading } from './probe.ts'
import { type Listener, parseListeners } from './proc.ts'

/** What a Linux machine shows of what it is for. Absent means: it could not be seen. */
export interface RoleFacts {
  /** SMBIOS chassis type (DSP0134, table 17). */
  chassis: number | undefined
  /** The unit systemd boots to; undefined without systemd. */
  bootsTo: string | undefined
  hasDisplayManager: boolean
  hypervisor: string | undefined
  listeners: Listener[]
  offers: Offers
}

const portable = new Set([8, 9, 10, 11, 12, 14, 30, 31, 32])
const desktop = new Set([3, 4, 5, 6, 7, 13, 15, 16, 24, 34, 35, 36])
const rack = new Set([17, 23, 25, 28, 29])

/** Services that others lean on: whoever cuts this machine off cuts them off too. */
const coreServices: { what: string; offers(has: (protocol: 'tcp' | 'udp', port: number) => boolean): boolean }[] = [
  { what: 'a domain controller (Kerberos and LDAP)', offers: (has) => has('tcp', 88) && has('tcp', 389) },
  { what: 'name resolution (DNS)', offers: (has) => has('tcp', 53) },
  { what: 'addresses (DHCP)', offers: (has) => has('udp', 67) },
  { what: 'storage (NFS)', offers: (has) => has('tcp', 2_049) },
  { what: 'storage (SMB)', offers: (has) => has('tcp', 445) },
  { what: 'storage (iSCSI)', offers: (has) => has('tcp', 3_260) },
  { what: 'backups (UrBackup)', offers: (has) => has('tcp', 55_413) || has('tcp', 55_415) },
  { what: 'backups (Bacula or Bareos)', offers: (has) => has('tcp', 9_101) || has('tcp', 9_103) },
  { what: 'backups (Veeam)', offers: (has) => has('tcp', 6_160) || has('tcp', 6_162) || has('tcp', 9_392) },
  { what: 'storage (Ceph)', offers: (has) => has('tcp', 3_300) || has('tcp', 6_789) },
]

/** Facts → role (pure). Somebody's own machine first: a laptop that shares a folder or runs a virtual machine stays one. */
export function judgeRole(facts: RoleFacts): RoleReading {
  const kind = chassisWord(facts.chassis)
  const containers = facts.offers.forwardsForContainers ? 'it forwards packets, as containers need' : undefined
  const seen = [kind && `its chassis is a ${kind}`, bootSentence(facts), containers].filter(
    (reason) => reason !== undefined && reason !== '',
  )
  const reasons = seen as string[]
  const isPersonal = kind === 'portable' || kind === 'desktop'
  if (isPersonal && isGraphical(facts)) return { role: 'workstation', reasons }
  const core = coreReasons(facts)
  if (core.length > 0) return { role: 'core', reasons: [...core, ...reasons] }
  if (facts.bootsTo === undefined && kind === undefined)
    return { role: 'unknown', reasons: ['neither a chassis nor systemd can be seen here'] }
  if (isGraphical(facts) && kind !== 'rack or blade server')
    return { role: 'unknown', reasons: [...reasons, 'its chassis says nothing about who uses it'] }
  return { role: 'server', reasons }
}

/** Distributions boot to graphical.target even where nothing graphical is installed. */
const isGraphical = (facts: RoleFacts): boolean => facts.bootsTo === 'graphical.target' && facts.hasDisplayManager

function chassisWord(chassis: number | undefined): 'portable' | 'desktop' | 'rack or blade server' | undefined {
  if (chassis === undefined) return undefined
  if (portable.has(chassis)) return 'portable'
  if (desktop.has(chassis)) return 'desktop'
  return rack.has(chassis) ? 'rack or blade server' : undefined
}

function bootSentence(facts: RoleFacts): string | undefined {
  if (facts.bootsTo === undefined) return undefined
  return isGraphical(facts) ? 'it boots to a graphical sign-in' : 'it has no graphical sign-in'
}

function coreReasons(facts: RoleFacts): string[] {
  const has = (protocol: 'tcp' | 'udp', port: number): boolean =>
    facts.listeners.some((listener) => listener.protocol === protocol && listener.port === port)
  const offered = coreServices.filter((service) => service.offers(has)).map((service) => `it offers ${service.what}`)
  const { gatewayOf, backupUnits } = facts.offers
  return [
    ...(facts.hypervisor === undefined ? [] : [`it is a hypervisor (${facts.hypervisor})`]),
    ...offered,
    ...(gatewayOf.length < 2 ? [] : [`it is a gateway (forwards between ${gatewayOf.slice(0, 5).join(', ')})`]),
    ...(backupUnits.length === 0 ? [] : [`it keeps backups (${backupUnits.join(', ')})`]),
  ]
}

export async function readRoleFacts(): Promise<RoleFacts> {
  const chassis = await text('/sys/class/dmi/id/chassis_type')
  return {
    chassis: chassis === undefined ? undefined : Number(chassis),
    bootsTo: (await isThere('/run/systemd/system')) ? await bootTarget() : undefined,
    hasDisplayManager: await isThere('/etc/systemd/system/display-manager.service'),
    hypervisor: await hypervisor(),
    listeners: await listeners(),
    offers: await readOffers(),
  }
}

async function bootTarget(): Promise<string> {
  for (const folder of ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system']) {
    const target = await readlink(`${folder}/default.target`).catch(() => undefined)
    if (target !== undefined) return target.split('/').at(-1) ?? target
  }
  return 'unknown'
}

/** A virtualisation product's own files; /dev/kvm alone is on every laptop. */
async function hypervisor(): Promise<string | undefined> {
  if (await isThere('/etc/pve')) return 'Proxmox VE'
  if ((await text('/proc/xen/capabilities'))?.includes('control_d')) return 'Xen'
  return (await isThere('/run/libvirt/libvirt-sock')) && (await isThere('/dev/kvm')) ? 'libvirt with KVM' : undefined
}

async function listeners(): Promise<Listener[]> {
  const tables = (['tcp', 'tcp6', 'udp', 'udp6'] as const).map(async (name) =>
    parseListeners((await text(`/proc/net/${name}`)) ?? '', name.startsWith('tcp') ? 'tcp' : 'udp'),
  )
  return (await Promise.all(tables)).flat()
}

const text = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (content) => content.trim(),
    () => undefined,
  )

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )
