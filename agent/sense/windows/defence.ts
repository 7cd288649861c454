import { maskSecrets } from '#shared/domain/mask-secrets.ts'
import { printable } from '#shared/domain/printable.ts'
import type { Happening } from '../../signal/signal.ts'
import { isOf, type WindowsEvent } from './events.ts'

export type Said = Omit<Happening, 'detector'>

/** What of this machine's protection an event says was switched off, changed or emptied. */
export interface Lost {
  /** Such as `antivirus Defender`; the same thing lost twice is one. */
  about: string
  defence: string
  technique: string
  what: string
  facts?: Record<string, string | number | null>
  /** Updates and policies take it away and give it back at once: nothing is said if this comes back within a minute. */
  comesBackAs?: string
}

/** Defender's own numbers for a part of it that doesn't protect any more. */
const defenderOff = new Map([
  [5001, 'its protection in real time was switched off'],
  [5010, 'its scanning for malware was switched off'],
  [5012, 'its scanning for viruses was switched off'],
  [5101, 'it has expired'],
])
/** Settings of Defender that leave less of it; `0x0` is a thing switched on again. */
const defenderSetting =
  /\\(?:Disable(?:AntiSpyware|AntiVirus|RealtimeMonitoring|BehaviorMonitoring|OnAccessProtection|ScanOnRealtimeEnable|IOAVProtection|ScriptScanning|BlockAtFirstSeen))\s*=\s*0x1\b|\\TamperProtection\s*=\s*0x(?:0|4)\b/i
/** What Defender doesn't look at: whole disks, where anybody puts programs, programs by their ends, and those that run other people's scripts. */
const wideExclusion =
  /\\Exclusions\\(?:Paths\\(?:[a-z]:\\?\*?|(?:[a-z]:|%systemdrive%)\\(?:users|programdata|windows|perflogs|temp|windows\\temp)(?:\\(?:[^\\]+(?:\\(?:appdata|downloads|desktop)[^=]*)?|\*))?\\?|%(?:temp|tmp|appdata|localappdata|userprofile|programdata|public)%[^=]*)|Extensions\\\.?(?:exe|dll|ps1|bat|cmd|vbs|js|hta|scr|\*)|Processes\\(?:[^=]*\\)?(?:powershell|pwsh|cmd|wscript|cscript|mshta|rundll32|regsvr32|explorer|svchost)\.exe)\s*=\s*0x0\b/i
/** What Windows calls "success removed" and "failure removed". */
const auditRemoved = /%%8448|%%8450/
const auditAdded = /%%8449|%%8451/
/** "A firewall setting was changed": the profile's own switch, to 0. In Windows 11 it has another number. */
const firewallChanged = new Set([2003, 2082])

/** Undefined for what is about something else, or switches something on. */
export function lostDefence(event: WindowsEvent): Lost | undefined {
  if (isOf(event, 'defender')) return ofDefender(event)
  if (isOf(event, 'firewall')) return ofFirewall(event)
  if (isOf(event, 'security')) return ofSecurity(event)
  if (!isOf(event, 'system') || event.id !== 104) return undefined
  return cleared(event.field('OwnChannel') || 'one of Windows', event)
}

function ofDefender({ id, field }: WindowsEvent): Lost | undefined {
  const antivirus = { about: 'antivirus Defender', defence: 'antivirus', technique: 'T1562.001' }
  const off = defenderOff.get(id)
  if (off !== undefined) return { ...antivirus, what: off, ...(id !== 5101 && { comesBackAs: `defender ${id - 1}` }) }
  const setting = id === 5007 ? field('New Value').slice(0, 1_000) : ''
  const what = defenderSetting.test(setting)
    ? 'a setting leaves less of it'
    : wideExclusion.test(setting)
      ? 'it leaves out too much'
      : undefined
  return what === undefined ? undefined : { ...antivirus, what, facts: { setting: setting.slice(0, 300) } }
}

function ofFirewall({ id, field }: WindowsEvent): Lost | undefined {
  const isOff = firewallChanged.has(id) && field('SettingType') === '1' && /^0*$/.test(field('SettingValue'))
  if (!isOff) return undefined
  return firewallOff(field('Profiles'), { program: field('ModifyingApplication').slice(0, 300) })
}

/** @param profiles the sum of their numbers. */
export const firewallOff = (profiles: string, facts: Lost['facts'] = {}): Lost => ({
  ...{ about: 'firewall Windows', defence: 'firewall', technique: 'T1562.004', what: 'it was switched off' },
  facts: { profiles: profiles.slice(0, 50), ...facts },
  comesBackAs: firewallOf(profiles),
})

function ofSecurity(event: WindowsEvent): Lost | undefined {
  const { id, field } = event
  if (id === 1102) return cleared('Security', event)
  if (id !== 4719 || !auditRemoved.test(field('AuditPolicyChanges'))) return undefined
  const facts = { subcategory: field('SubcategoryGuid').slice(0, 60), user: userOf(event) }
  return {
    about: 'audit',
    defence: 'audit',
    technique: 'T1562.002',
    what: 'some of it is no longer written down',
    facts,
    comesBackAs: auditOf(field),
  }
}

/** What an event gives back of what another has taken; undefined where it gives nothing. */
export function cameBack(event: WindowsEvent): string | undefined {
  const { id, field } = event
  if (isOf(event, 'defender')) return id === 5000 || id === 5009 || id === 5011 ? `defender ${id}` : undefined
  if (isOf(event, 'firewall')) return firewallChanged.has(id) && field('SettingType') === '1' ? firewallOf(field('Profiles')) : undefined
  return isOf(event, 'security') && id === 4719 && auditAdded.test(field('AuditPolicyChanges')) ? auditOf(field) : undefined
}

export const firewallOf = (profiles: string): string => `firewall ${profiles}`
const auditOf = (field: WindowsEvent['field']): string => `audit ${field('SubcategoryGuid')}`

const cleared = (channel: string, event: WindowsEvent): Lost => ({
  ...{ about: `log ${channel}`.slice(0, 300), defence: 'logs', technique: 'T1070.001', what: 'it was cleared' },
  facts: { log: channel.slice(0, 300), user: userOf(event) },
})

export const clearedLog = (channel: string, before: number, now: number): Lost => ({
  ...{ about: `log ${channel}`, defence: 'logs', technique: 'T1070.001', what: 'it was cleared: its records begin anew' },
  facts: { log: channel, recordBefore: before, recordNow: now },
})

const userOf = ({ field }: WindowsEvent): string | null => {
  const name = field('SubjectUserName')
  return name === '' || name === '-' ? null : `${field('SubjectDomainName')}\\${name}`.slice(0, 200)
}

export interface LostAround {
  isWorkstation: boolean
  /** As it was written. */
  event: string
  /** What was started before it. */
  before: string
  /** Epoch ms. */
  at: number
}

/** Row 15, in words. */
export function lostSaid({ about, defence, technique, what, facts }: Lost, { isWorkstation, event, before, at }: LostAround): Said {
  return {
    kind: 'security.defence.down',
    severity: isWorkstation ? 'medium' : 'high',
    about,
    summary: printable(`This machine’s ${about}: ${what}`).slice(0, 500),
    facts: { technique, defence, what, happenedAt: at, ...facts },
    evidence: [
      { name: 'the event', text: maskSecrets(printable(event)).slice(0, 4_000) },
      { name: 'what was started before it', text: before },
    ],
  }
}
