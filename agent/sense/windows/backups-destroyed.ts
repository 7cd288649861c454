import type { ProcessStart } from '../processes/process-start.ts'
import { keepsBackups, programOf } from './programs.ts'

const shadows = 'win32_shadowcopy'
const isOfShadows = (words: string): boolean => words.includes(shadows) && /delete|remove-(?:wmiobject|ciminstance)/.test(words)
const backupServices = /backup|veeam|vss\b|acronis|wbengine|datto|carbonite|storagecraft|shadowprotect|cobian|arcserve|commvault/i

/** What takes away the way back on Windows, by the program and its words; words are compared in small letters. */
const destroying: readonly [program: RegExp, isSo: (words: string) => boolean][] = [
  [/^vssadmin$/, (words) => /\bdelete\s+shadows\b/.test(words) || /\bresize\s+shadowstorage\b.*maxsize=(?:[1-4]\d{0,2}mb|\d%)/.test(words)],
  [/^diskshadow$/, (words) => /\bdelete\s+shadows\b/.test(words)],
  [/^wmic$/, (words) => /\bshadowcopy\b.*\bdelete\b/.test(words)],
  [/^wbadmin$/, (words) => /\bdelete\s+(?:catalog|systemstatebackup|backup)\b/.test(words)],
  [
    /^bcdedit$/,
    (words) => /recoveryenabled\s+["']?(?:no|false|off|0)\b/.test(words) || /bootstatuspolicy\s+["']?ignoreallfailures/.test(words),
  ],
  [/^wbadmin$/, (words) => /\bdisable\s+backup\b/.test(words)],
  [/^schtasks$/, (words) => /[/-]change\b/.test(words) && /\\systemrestore\\sr\b/.test(words) && /[/-]disable\b/.test(words)],
  [/^reagentc$/, (words) => /[/-]disable\b/.test(words)],
  [/^(?:powershell|pwsh)(?:_ise)?$/, (words) => isOfShadows(words) || /\bdisable-computerrestore\b/.test(words)],
  [/^(?:net1?|sc)$/, (words) => /\b(?:stop|delete)\b|config\s.*disabled/.test(words) && backupServices.test(words)],
  [/^taskkill$/, (words) => backupServices.test(words)],
  [/^(?:powershell|pwsh)$/, (words) => /\b(?:stop|remove|set)-service\b/.test(words) && backupServices.test(words)],
]

/** Whoever calls one of them by another's mouth (`cmd /c vssadmin …`) starts it too, so each start is judged by its own words. */
export function isDestroyingOnWindows({
  image,
  commandLine,
  originalName,
  parentImage,
}: ProcessStart & { originalName?: string }): boolean {
  if (keepsBackups(parentImage)) return false
  const words = commandLine.toLowerCase()
  const names = [programOf(image), programOf(originalName ?? ''), programOf(words.split(/["\s]+/).find((word) => word !== '') ?? '')]
  return destroying.some(([program, isSo]) => names.some((name) => program.test(name)) && isSo(words))
}
