/** What lies on another machine, or behind a program of somebody's own: asking there may hang. */
const elsewhere = /^(?:nfs\d?|cifs|smb\w*|fuse(?:\..*)?|9p|ceph|glusterfs|afs|autofs|davfs)$/

/** @param mountinfo as proc_pid_mountinfo(5) has it: blanks and what else would break a line are written as three octal digits. */
export const farFoldersIn = (mountinfo: string): string[] => mountinfo.split('\n').flatMap(farFolder)

function farFolder(line: string): string[] {
  const [before = '', after = ''] = line.split(' - ')
  const mount = before.split(' ')[4]
  if (mount === undefined || !elsewhere.test(after.split(' ')[0] ?? '')) return []
  const bytes = mount.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
  return [bytes]
}

export const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`)
