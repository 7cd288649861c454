import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * What other machines lean on that no port of the system's tells (Linux): packets forwarded between networks, backups kept for others. By
 * what the kernel and systemd say: a service of somebody's own session, or a program that calls itself so, is none of the system's.
 */
export interface Offers {
  /** Interfaces of the networks between which this machine forwards; fewer than two: it is no gateway. */
  gatewayOf: string[]
  /** It forwards, but containers are reason enough. */
  forwardsForContainers: boolean
  /** Units of backup servers that run. */
  backupUnits: string[]
}

const ofContainers = /^(?:lo|docker|br-[0-9a-f]{12}$|virbr|veth|cni|flannel|cali|cilium|kube|lxc|lxd|incus|podman|vnet|tap)/

const backupServers = [
  ...['rest-server', 'restic-rest-server', 'bacula-director', 'bacula-dir', 'bacula-sd', 'bareos-director', 'bareos-dir', 'bareos-storage'],
  ...[
    'bareos-sd',
    'urbackupsrv',
    'urbackup-server',
    'veeamtransport',
    'veeamservice',
    'borgwarehouse',
    'backuppc',
    'amanda',
    'proxmox-backup',
  ],
]

export async function readOffers(root = '/'): Promise<Offers> {
  const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8').catch(() => '')
  const [forward, routes, devices] = await Promise.all(['/proc/sys/net/ipv4/ip_forward', '/proc/net/route', '/proc/net/dev'].map(text))
  const isForwarding = forward?.trim() === '1'
  const hasContainers = (devices ?? '')
    .split('\n')
    .some((line) => /^\s*(?:docker|br-[0-9a-f]{12}|cni|flannel|cali|cilium|kube|podman|lxdbr|incusbr)/.test(line))
  const running = await Promise.all(backupServers.map(async (name) => ((await isRunning(name, root)) ? [`${name}.service`] : [])))
  return {
    gatewayOf: isForwarding && !hasContainers ? routedIn(routes ?? '') : [],
    forwardsForContainers: isForwarding && hasContainers,
    backupUnits: running.flat(),
  }
}

/** Interfaces with a network of their own: no gateway, and neither the way to everywhere nor to themselves (169.254). */
export function routedIn(routes: string): string[] {
  const rows = routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
  const own = rows.filter(
    ([device = '', network = '', gateway]) =>
      gateway === '00000000' && network !== '00000000' && !network.endsWith('FEA9') && !ofContainers.test(device),
  )
  return [...new Set(own.map(([device = '']) => device))].sort()
}

/** The system's manager makes a group for each service that runs; people's services have theirs below user.slice. */
const isRunning = (name: string, root: string): Promise<boolean> =>
  lstat(join(root, `/sys/fs/cgroup/system.slice/${name}.service`)).then(Boolean, () =>
    lstat(join(root, `/sys/fs/cgroup/systemd/system.slice/${name}.service`)).then(Boolean, () => false),
  )
