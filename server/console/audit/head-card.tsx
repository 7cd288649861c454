import { Alert, Button, Code, Stack, Text, Textarea } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AuditVerdict } from '#shared/api/administration.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { auditHeadQuery } from '../api/queries.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'

/** Up to where the audit stood, when that last left this machine, and whether it still is so. */
export function HeadCard() {
  const api = useApi()
  const { data } = useQuery(auditHeadQuery(api))
  const [kept, setKept] = useState('')
  const verify = useMutation({ mutationFn: () => api.verifyAudit(kept.split('\n').flatMap((line) => line.trim().split(/\s/)[0] || [])) })
  return (
    <div style={{ marginBottom: 16 }}>
      <SectionCard title="Head">
        <Stack gap="xs" align="flex-start">
          {data && (
            <>
              <Code className="breakable">{data.head}</Code>
              <Text size="sm">
                {data.left ? (
                  <>
                    One last left this machine <When at={data.left.at} />: <Code className="breakable">{data.left.head}</Code>
                  </>
                ) : (
                  'None has left this machine yet; one does every day.'
                )}
              </Text>
            </>
          )}
          <Textarea
            label="Heads that you kept elsewhere"
            description="One a line: of the admins’ mail, of audit-heads.txt, or of an operator’s key"
            value={kept}
            onChange={(event) => setKept(event.currentTarget.value)}
            autosize
            minRows={1}
            w="100%"
          />
          <Button size="xs" variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
            Verify
          </Button>
          {verify.error && <Alert color="red">{sentenceOf(verify.error)}</Alert>}
          {verify.data && <Verdict verdict={verify.data} />}
        </Stack>
      </SectionCard>
    </div>
  )
}

function Verdict({ verdict: { faults, lines, provenTo, head } }: { verdict: AuditVerdict }) {
  if (faults.length > 0)
    return (
      <Alert color="red" title="The audit is not what it was">
        {faults.map((fault) => (
          <Text key={fault} size="sm" className="breakable">
            {fault}
          </Text>
        ))}
      </Alert>
    )
  return (
    <Alert color={provenTo === null ? 'gray' : 'teal'}>
      {provenTo === null
        ? `${lines} lines, consistent in itself. That nobody wrote all of it anew only a head can prove that was kept elsewhere.`
        : `Proven up to line ${provenTo} by a head that was kept elsewhere; consistent in itself from there to ${head.split(':')[0]}.`}
    </Alert>
  )
}
