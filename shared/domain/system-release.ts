import { windowsEnds } from './windows-release.ts'

/*
 * Which release a machine runs, as endoflife.date names it, and until when that is looked after. Enters: os-release(5), or what says the same of Windows. The dates are what
 * their makers announced, kept by hand: no machine is asked to reach the internet for them, and a test holds them against endoflife.date's list
 * where that is there. A release that isn't here, or that came after this, is unknown and never said to be over.
 */
export interface SystemRelease {
  product: string
  cycle: string
}

const whole = (version: string): string => version
const major = (version: string): string => version.split('.')[0] ?? version
const minor = (version: string): string => version.split('.').slice(0, 2).join('.')

/** ID of os-release → the product's name there, and what its cycles are named by. */
const products: Record<string, [product: string, cycle: (version: string) => string]> = {
  debian: ['debian', major],
  ubuntu: ['ubuntu', whole],
  rhel: ['rhel', major],
  rocky: ['rocky-linux', major],
  almalinux: ['almalinux', major],
  centos: ['centos', major],
  fedora: ['fedora', major],
  'opensuse-leap': ['opensuse', whole],
  sles: ['sles', whole],
  alpine: ['alpine-linux', minor],
  ol: ['oracle-linux', major],
  amzn: ['amazon-linux', whole],
  linuxmint: ['linuxmint', whole],
  nixos: ['nixos', whole],
  windows: ['windows', whole],
  'windows-server': ['windows-server', whole],
}

/** One field of os-release; '' where it isn't. */
export const fieldOf = (osRelease: string, key: string): string => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? ''

export function releaseOf(osRelease: string): SystemRelease | undefined {
  const id = fieldOf(osRelease, 'ID')
  const version = fieldOf(osRelease, 'VERSION_ID')
  const known = Object.hasOwn(products, id) ? products[id] : undefined
  if (!known || version === '') return undefined
  const [product, cycleOf] = known
  const isStream = product === 'centos' && fieldOf(osRelease, 'NAME').includes('Stream')
  return { product: isStream ? 'centos-stream' : product, cycle: cycleOf(version) }
}

export interface Support {
  /** ISO date: nobody mends its security for everybody any more. */
  until: string
  /** Whoever pays, or takes a long-term team's word, has until then. */
  extendedUntil?: string
}

/** By product and cycle: until when, and until when extended. */
export const supportEnds: Readonly<Record<string, Readonly<Record<string, readonly [until: string, extendedUntil?: string]>>>> = {
  debian: {
    ...{ '9': ['2020-07-18', '2022-07-01'], '10': ['2022-09-10', '2024-06-30'], '11': ['2024-08-14', '2026-08-31'] },
    ...{ '12': ['2026-07-11', '2028-06-30'], '13': ['2028-08-09', '2030-06-30'] },
  },
  ubuntu: {
    ...{ '20.04': ['2025-05-31', '2030-04-02'], '22.04': ['2027-04-01', '2032-04-09'], '24.04': ['2029-05-31', '2036-05-31'] },
    ...{ '24.10': ['2025-07-10'], '25.04': ['2026-01-17'], '25.10': ['2026-07-01'], '26.04': ['2031-04-30', '2036-04-30'] },
  },
  rhel: {
    ...{ '6': ['2020-11-30', '2024-06-30'], '7': ['2024-06-30', '2029-05-31'], '8': ['2029-05-31', '2033-05-31'] },
    ...{ '9': ['2032-05-31', '2036-05-31'], '10': ['2035-05-31', '2039-05-31'] },
  },
  'rocky-linux': { '8': ['2029-05-31'], '9': ['2032-05-31'], '10': ['2035-05-31'] },
  almalinux: { '8': ['2029-05-31'], '9': ['2032-05-31'], '10': ['2035-05-31'] },
  centos: { '6': ['2020-11-30'], '7': ['2024-06-30'], '8': ['2021-12-31'] },
  'centos-stream': { '8': ['2024-05-31'], '9': ['2027-05-31'], '10': ['2030-05-31'] },
  fedora: { '40': ['2025-05-13'], '41': ['2025-12-15'], '42': ['2026-05-27'], '43': ['2026-12-09'], '44': ['2027-06-02'] },
  opensuse: { '15.4': ['2023-12-07'], '15.5': ['2024-12-31'], '15.6': ['2026-04-30'], '16.0': ['2027-10-31'] },
  sles: {
    ...{ '12.5': ['2024-10-31', '2027-10-31'], '15.5': ['2024-12-31', '2027-12-31'], '15.6': ['2025-12-31', '2028-12-31'] },
    ...{ '15.7': ['2031-07-31', '2034-07-31'], '16.0': ['2027-11-30', '2030-11-30'] },
  },
  'alpine-linux': {
    ...{ '3.18': ['2025-05-09'], '3.19': ['2025-11-01'], '3.20': ['2026-04-01'], '3.21': ['2026-11-01'] },
    ...{ '3.22': ['2027-05-01'], '3.23': ['2027-11-01'], '3.24': ['2028-06-01'] },
  },
  'oracle-linux': { '7': ['2024-12-31', '2028-06-30'], '8': ['2029-07-31', '2032-07-31'], '9': ['2032-06-30', '2035-06-30'] },
  'amazon-linux': { '2': ['2026-06-30'], '2023': ['2029-06-30'] },
  linuxmint: { '20.3': ['2025-04-30'], '21.3': ['2027-04-30'], '22': ['2029-04-30'], '22.1': ['2029-04-30'], '22.2': ['2029-04-30'] },
  ...windowsEnds,
  nixos: { '24.11': ['2025-06-30'], '25.05': ['2025-12-31'], '25.11': ['2026-06-30'], '26.05': ['2026-12-31'] },
}

/** What the system itself says goes before our table: its maker may have changed its mind since. */
export function supportOf(osRelease: string): Support | undefined {
  const said = fieldOf(osRelease, 'SUPPORT_END')
  const release = releaseOf(osRelease)
  const cycles = new Map(Object.entries((release && supportEnds[release.product]) ?? {}))
  const [until, extendedUntil] = cycles.get(release?.cycle ?? '') ?? []
  const ownUntil = /^\d{4}-\d\d-\d\d$/.test(said) ? said : until
  return ownUntil === undefined ? undefined : { until: ownUntil, ...(extendedUntil !== undefined && { extendedUntil }) }
}
