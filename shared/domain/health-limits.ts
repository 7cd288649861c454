/**
 * Every number of a health detector that a policy may change, with what ships. Both sides need it: the agent judges by it,
 * the collector checks a policy against it. Why a number is so stands in the header of the detector of that name. The end
 * of each name is its unit, and bounds it.
 */
export const healthLimits = {
  'disk-full': {
    ...{ usedPercent: 90, freeGib: 20, severeUsedPercent: 97, severeFreeGib: 5 },
    ...{ inodesPercent: 90, trendUsedPercent: 80, trendHours: 24, lastsMinutes: 10 },
  },
  'disk-smart': { sparePercent: 10, warmDegrees: 65, wornPercent: 95 },
  'disk-read-only': { lastsMinutes: 2 },
  'disk-errors': {},
  'raid-degraded': { lastsMinutes: 2 },
  'disk-stalls': { waitMs: 500, lastsMinutes: 10 },
  'memory-pressure': { availablePercent: 5, stallPercent: 20, lastsMinutes: 15 },
  'swap-storm': { pagesPerSecond: 1_000, lastsMinutes: 10 },
  'out-of-memory': { killsOnWorkstationCount: 3 },
  'growing-process': { grownMib: 512, grownPercent: 50, overHours: 6 },
  'memory-errors': { correctedPerDayCount: 24 },
  'cpu-busy': { busyPercent: 95, lastsMinutes: 30 },
  'cpu-throttled': { perMinuteCount: 10, lastsMinutes: 30 },
  'cpu-hot': { belowLimitDegrees: 3, lastsMinutes: 10 },
  'service-down': { lastsMinutes: 3 },
  'service-flapping': { restartsPerHourCount: 5 },
  'link-errors': { errorsPercent: 1, dropsPercent: 10, leastPacketsCount: 1_000, lastsMinutes: 15 },
  'gateway-path': { lossPercent: 5, delayMs: 500, lastsMinutes: 5 },
  'dns-slow': { answerMs: 1_000, lastsMinutes: 5 },
  'no-route': { lastsMinutes: 3 },
  'address-conflict': { changesCount: 3 },
  'second-dhcp': {},
  'bond-degraded': { lastsMinutes: 5 },
  'open-files': { usedPercent: 80, severeUsedPercent: 95, lastsMinutes: 10 },
  'connections-tracked': { usedPercent: 85, severeUsedPercent: 95, lastsMinutes: 5 },
  'clock-offset': { offsetSeconds: 60, lastsMinutes: 10 },
  'clock-unsynchronised': { lastsMinutes: 360 },
  'reboot-pending': { workstationDays: 7, serverDays: 14, uptimeDays: 365 },
  'updates-failed': { failuresCount: 3 },
  'updates-missing': { missingDays: 30, listsDays: 30 },
  'certificate-expiring': { soonDays: 14, severeDays: 3 },
  'backup-late': { serverHours: 26, severeHours: 50, workstationHours: 168, verifiedDays: 30 },
  'kernel-crash': { onWorkstationCount: 3 },
  'battery-worn': { leftPercent: 60 },
  'hardware-old': { ageYears: 5 },
  'end-of-life': { withinDays: 180 },
  'defence-down': { lastsMinutes: 10 },
  'agent-health': { waitingCount: 5_000, restartsPerHourCount: 3, memoryMib: 150 },
} as const satisfies Record<string, Record<string, number>>

export type HealthName = keyof typeof healthLimits
export type Limits<Name extends HealthName> = { readonly [Limit in keyof (typeof healthLimits)[Name]]: number }

/** What a policy says of one detector: numbers instead of those that ship, or that it isn't to look at all. */
export type HealthSetting = number | 'off'
/** By `detector.limit`, and `detector` alone for off. */
export type HealthSettings = Readonly<Record<string, HealthSetting>>

export const isHealthName = (name: string): name is HealthName => Object.hasOwn(healthLimits, name)

/** The numbers in force for one detector; undefined: it is switched off. */
export function limitsInForce<Name extends HealthName>(name: Name, settings: HealthSettings): Limits<Name> | undefined {
  if (settings[name] === 'off') return undefined
  const entries = Object.entries(healthLimits[name]).map(([limit, shipped]) => [limit, settings[`${name}.${limit}`] ?? shipped])
  return Object.fromEntries(entries) as Limits<Name>
}

/** One sentence about what is wrong with this setting; undefined when it will do. */
export function whyNoSetting(key: string, value: unknown): string | undefined {
  const [name = '', limit, ...more] = key.split('.')
  if (!isHealthName(name)) return `there is no detector "${name}"; there are ${Object.keys(healthLimits).join(', ')}`
  if (limit === undefined) return value === 'off' ? undefined : 'a detector as a whole can only be "off"'
  if (more.length > 0 || !Object.hasOwn(healthLimits[name], limit)) return `${name} has no "${limit}"; it has ${limitsOf(name)}`
  const most = mostOf(limit)
  if (typeof value === 'number' && value >= 0 && value <= most) return undefined
  return `${key} is a number from 0 to ${most}`
}

const limitsOf = (name: HealthName): string => Object.keys(healthLimits[name]).join(', ') || 'no numbers'

/** A minute's worth of a year is as far as anybody can mean; a share is never more than all. */
const mostOf = (limit: string): number => (limit.endsWith('Percent') ? 100 : 1_000_000)
