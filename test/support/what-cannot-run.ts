import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Before the first test: one line for each thing this machine lacks, with what is left out because of it. */
export default function sayWhatCannotRun(): void {
  for (const lack of lacks()) process.stdout.write(`not run here: ${lack}\n`)
}

function lacks(): string[] {
  const found: string[] = []
  if (process.platform !== 'linux') found.push('the tests of the Linux detectors and of isolation, because this is not Linux')
  if (process.platform !== 'win32') found.push('the test of Windows’ own libraries, because this is not Windows')
  if (process.getuid?.() !== 0) found.push('the network-namespace tests, because they need root')
  else if (!has('nft') || !has('ip'))
    found.push('the network-namespace tests, because nft or ip is missing (packages nftables and iproute2)')
  else if (!canUnshareNetwork()) found.push('the network-namespace tests, because this kernel or container refuses new network namespaces')
  if (!hasChromium()) found.push('the browser test, because no Chromium was found (package chromium)')
  if (!has('faketime')) found.push('the tests that move a real process’s clock, because faketime is missing (package faketime)')
  if (!has('dovecot')) found.push('the tests of answers by mail over IMAP, because dovecot is missing (package dovecot-imapd)')
  if (!has('restic')) found.push('the tests of restoring from a backup, because restic is missing (package restic)')
  if (!has('fatrace')) found.push('the tests of who encrypts what, because fatrace is missing (package fatrace)')
  if (!has('tcpdump') || !has('python3'))
    found.push(
      'the capture of what leaves an isolated machine, because tcpdump or python3 is missing (packages tcpdump and python3-minimal)',
    )
  return found
}

const hasChromium = (): boolean => ['chromium', 'chromium-browser', 'google-chrome'].some(has)

const canUnshareNetwork = (): boolean => spawnSync('unshare', ['--net', 'true']).status === 0

function has(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']
  return folders.some((folder) => existsSync(`${folder}/${program}`))
}
