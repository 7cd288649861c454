import { Fault } from '#shared/domain/fault.ts'
import { readPassphrase } from '../../backup/passphrase.ts'

/** One exchange with a running collector, as a program with a person's token. */
export type Api = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<unknown>

/** @throws Fault with what the collector refused. */
export async function openApi(url: string, tokenFile: string | undefined): Promise<Api> {
  if (tokenFile === undefined) throw new Fault('flag-bad', 'Name the file with your token for programs with --token-file.')
  const token = await readPassphrase({ file: tokenFile, stdin: process.stdin })
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${token.trim()}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const answer = await fetch(new URL(path, url), { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    const said = (text === '' ? {} : JSON.parse(text)) as { detail?: string; title?: string }
    if (!answer.ok) throw new Fault('collector-refused', `The collector refused (${answer.status}): ${said.detail ?? said.title ?? ''}`)
    return said
  }
}

/** Others wrote it: no sequence of theirs moves the cursor over what is shown. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?')
