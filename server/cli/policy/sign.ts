import { createHash } from 'node:crypto'
import { parseArgs } from 'node:util'
import { PolicySigned, UnsignedPolicies } from '#shared/api/policy.ts'
import { Fault } from '#shared/domain/fault.ts'
import { isCanonicalJson } from '#shared/protocol/canonical.ts'
import { documentType, readPayload } from '#shared/protocol/document.ts'
import policyDocument, { type PolicyContent } from '#shared/protocol/documents/policy.ts'
import type { Act } from '../matrix/act.ts'
import { openApi, printable } from '../start/api.ts'
import { openKeyFile } from '../start/key-file.ts'

/*
 * An operator signs a policy. What is shown is read from the very bytes that get signed; they are named by their digest, so
 * bytes that the collector exchanges meanwhile aren't signed. What was in force before is the collector's word.
 */
const act: Act = {
  usage: `  sign [DIGEST …]                     shows what of each organisation's policy changes, and signs what is named
                                      [--with FILE] [--url URL] [--token-file FILE] [--passphrase-file FILE]
`,
  async run(args) {
    const text = { type: 'string' } as const
    const options = { with: text, url: text, 'token-file': text, 'passphrase-file': text }
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const api = await openApi(values.url ?? 'http://127.0.0.1:7840', values['token-file'])
    const { policies } = UnsignedPolicies.parse(await api('GET', '/api/policy/unsigned'))
    for (const { organisation, payload, before } of policies)
      process.stdout.write(`${digestOf(payload)}\n  ${printable(organisation.name)}\n${changesIn(before, contentIn(payload))}`)
    if (policies.length === 0) process.stdout.write('No policy waits for a signature.\n')
    if (positionals.length === 0) return
    const key = await openKeyFile(values.with, '--with', values['passphrase-file'])
    for (const digest of positionals) {
      const payload = policies.find((each) => digestOf(each.payload) === digest)?.payload
      if (payload === undefined)
        throw new Fault('policy-unknown', `No policy with the digest ${digest} waits; name the digest that is shown.`)
      const { organisationId } = contentIn(payload)
      const jws = await key.signText(payload, documentType)
      const { number, by } = PolicySigned.parse(await api('POST', '/api/policy/signatures', { organisationId, jws }))
      process.stdout.write(`${digest}: signed by ${by}; policy ${number} is in force.\n`)
    }
  },
}
export default act

const digestOf = (payload: string): string => createHash('sha256').update(payload).digest('hex').slice(0, 40)

function contentIn(payload: string): PolicyContent {
  const read = isCanonicalJson(payload) ? readPayload(policyDocument, new TextEncoder().encode(payload)) : undefined
  if (read?.kind === 'document') return read.document.content
  throw new Fault('payload-bad', 'The collector sent bytes that can be read in more than one way; don’t sign them.')
}

/** One line for each setting of each layer that comes or goes, as in a diff. */
function changesIn(before: PolicyContent | null, after: PolicyContent): string {
  const [old, young] = [linesOf(before), linesOf(after)]
  const gone = [...old].filter((line) => !young.has(line)).map((line) => `  - ${line}\n`)
  const come = [...young].filter((line) => !old.has(line)).map((line) => `  + ${line}\n`)
  return [...gone, ...come].join('') || '  nothing that it says changes; its order does\n'
}

const linesOf = (content: PolicyContent | null): Set<string> =>
  new Set(
    (content?.layers ?? []).flatMap(({ from, members, settings }) => {
      const whom = members ? `${members.length} machines, ${members.join(' ')}` : 'all machines'
      const about = from.replace(/^line \d+, /, '')
      return Object.entries(settings).map(([key, value]) => printable(`${key} = ${JSON.stringify(value)} (${about}: ${whom})`))
    }),
  )
