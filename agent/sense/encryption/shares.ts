import type { ProcessFacts } from '../../host/process-facts.ts'

/** Programs that write what others send them: containing or halting them would punish everybody but the one who did it. */
const fileServers =
  /^\/usr\/(?:local\/)?(?:s?bin|lib\w*|libexec)\/(?:.*\/)?(?:smbd|ksmbd\.mountd|nfsd|rpc\.nfsd|ganesha\.nfsd|proftpd|vsftpd|sftp-server)$/
const kernelServers = /^(?:nfsd|ksmbd)/

export const isFileServer = ({ exe, name, parent }: ProcessFacts): boolean =>
  fileServers.test(exe) || (exe === '' && parent === 2 && kernelServers.test(name))

export interface ShareClient {
  userName: string
  address: string
}

/** `smbstatus -p -n`: a line for each client's own process: its number, user, group, machine, and its address in brackets. */
export function clientOf(smbstatus: string, pid: number): ShareClient | undefined {
  for (const line of smbstatus.split('\n')) {
    const found = /^\s*(\d+)\s+(\S.{0,200}?)\s{1,40}\S+\s+(\S+)\s*\((?:ipv[46]:)?([^)]{1,100})\)/.exec(line)
    if (found && Number(found[1]) === pid) return { userName: found[2]?.split(/\s/)[0] ?? '', address: addressOf(found[4] ?? '') }
  }
  return undefined
}

/** `192.0.2.7:50512` and `[2001:db8::7]:50512` without their ports. */
const addressOf = (text: string): string => text.replace(/^\[?(.*?)\]?:\d+$/, '$1')
