import { describe, expect, it } from 'vitest'
import { auditChange } from '../../../../agent/sense/defence/audit-changes.ts'

/** As the kernel says them to auditd 3.0.9. */
const line = (op: string, key: string): string =>
  `type=CONFIG_CHANGE msg=audit(1795403304.769:8): auid=4294967295 ses=4294967295 op=${op} key="${key}" list=4 res=1\x1dAUID="unset"`

describe('what was done to the audit', () => {
  it('is said of everybody’s rules but the agent’s own, which come and go with its decoys', () => {
    expect(auditChange(line('remove_rule', 'logins'))).toMatchObject({ what: 'rules-removed' })
    expect(auditChange(line('add_rule', 'logins'))).toEqual({ what: 'rules-added' })
    expect(auditChange(line('remove_rule', 'tierline-decoys'))).toBeUndefined()
    expect(auditChange(line('add_rule', 'tierline-decoys'))).toBeUndefined()
    expect(auditChange(line('add_rule', 'tierline-documents'))).toBeUndefined()
  })

  it('is said of rules whose key only begins or ends like ours', () => {
    expect(auditChange(line('remove_rule', 'tierline-decoys-2'))).toMatchObject({ what: 'rules-removed' })
    expect(auditChange(line('remove_rule', 'x key=tierline-decoys'))).toMatchObject({ what: 'rules-removed' })
  })
})
