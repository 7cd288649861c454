import type { AuditHeadView, AuditVerdict } from '#shared/api/administration.ts'
import auditHeads from '#shared/protocol/documents/audit-heads.ts'
import type { Audit } from '../audit/audit.ts'
import { headText, readHead } from '../audit/chain.ts'
import { verifyAudit } from '../audit/verify.ts'
import type { Documents } from '../identity/documents.ts'
import type { Store } from '../store/store.ts'

/*
 * The audit as people look at it: its head, when one last left this machine, and whether it is what it was. Threat: whoever
 * runs the collector says here what they like; a head that was kept elsewhere, and `tierline audit verify`, say more.
 */

export interface AuditBook {
  head(): Promise<AuditHeadView>
  /** @param heads that were kept elsewhere, as they were given. @returns undefined: one of them is none. */
  verify(heads: readonly string[]): Promise<AuditVerdict | undefined>
}

export function openAuditBook(needs: { store: Store; audit: Pick<Audit, 'headText'>; documents: Pick<Documents, 'content'> }): AuditBook {
  const { store, audit, documents } = needs
  return {
    async head() {
      const left = documents.content(auditHeads)?.heads.at(-1)
      return { head: await audit.headText(store.db), left: left ? { head: headText(left), at: left.at } : null }
    },
    async verify(given) {
      const heads = given.flatMap((text) => readHead(text) ?? [])
      if (heads.length < given.length) return undefined
      const { head, ...verdict } = await verifyAudit(store.reader, heads)
      return { ...verdict, head: headText(head) }
    },
  }
}
