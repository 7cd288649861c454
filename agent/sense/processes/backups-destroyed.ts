import { basename } from 'node:path'
import type { ProcessStart } from './process-start.ts'

/** What takes away the way back, by the program and its words. */
const destroying: readonly [program: RegExp, words: RegExp][] = [
  [/^zfs$/, /\sdestroy\s.*@/],
  [/^btrfs$/, /\s(?:subvolume|sub)\s+delete\s/],
  [/^lvremove$/, /snap/i],
  [/^lvm$/, /\slvremove\s.*snap/i],
  [/^snapper$/, /\s(?:delete|remove|rm)\s/],
  [/^timeshift$/, /--delete/],
  [/^borg$/, /\sdelete\s/],
  [
    /^(?:ba|da)?sh$|^rm$|^shred$|^wipe$/,
    /(?:^|\s|\/)(?:rm|shred|wipe)\s.*\s\/(?:var\/backups?|backups?|srv\/backups?|mnt\/backups?|\.snapshots)(?:\/\S*)?(?:\s|$)/,
  ],
  [
    /^systemctl$|^service$/,
    /\s(?:stop|disable|mask|kill)\s.*(?:backup|restic|borg|bacula|bareos|veeam|duplicati|urbackup|snapper|timeshift|sanoid)/i,
  ],
  [/^(?:pkill|killall)$/, /(?:restic|borg|bacula|bareos|veeam|duplicati|urbackup)/i],
  [/^virsh$/, /\ssnapshot-delete\s/],
]

/** Programs that thin out their own: a snapshot that ends by plan was no attack. By the program's file in the system's folders. */
const keepers =
  /^\/(?:usr\/)?(?:local\/)?s?bin\/(?:sanoid|syncoid|snapper|timeshift|btrbk|borgmatic|zfs-auto-snapshot|pyznap|bareos-fd|bacula-fd|restic|borg)$|\/snapperd$/

export function isDestroyingBackups({ image, commandLine, parentImage, parentCommandLine }: ProcessStart): boolean {
  const program = basename(commandLine.split(' ')[0] ?? '') || basename(image)
  const words = ` ${commandLine} `
  if (!destroying.some(([name, pattern]) => (name.test(program) || name.test(basename(image))) && pattern.test(words))) return false
  return !keepers.test(parentImage) && !keepers.test(parentCommandLine.split(' ')[1] ?? '')
}
