import { Button, Stack, Text, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { usePowers } from '../session/session.ts'
import { IsolationFacts } from '../words/isolation-facts.tsx'
import { Proof } from '../words/proof.tsx'
import { ReasonDialog } from '../words/reason-dialog.tsx'
import { ReleaseDialog } from '../words/release-dialog.tsx'
import type { note } from '../words/release-note.ts'
import { shellWord } from '../words/shell-word.ts'
import { useEndpointChange } from './use-endpoint-change.ts'

/** Wanted and actual state of the network, the proof of it, and the switch. */
export function IsolationCard({ endpoint }: { endpoint: EndpointDetail }) {
  const { proof } = endpoint.isolation
  return (
    <SectionCard title="Isolation" aside={endpoint.removedAt === null && <Switch endpoint={endpoint} />}>
      <Stack gap="sm">
        <IsolationFacts isolation={endpoint.isolation} />
        {proof && <Proof proof={proof} />}
        <ReleaseCode endpoint={endpoint} />
      </Stack>
    </SectionCard>
  )
}

/** For when the machine can't reach its collector: whose key makes the code, and how. */
function ReleaseCode({ endpoint: { hostname, releasableBy, isolation } }: { endpoint: EndpointDetail }) {
  if (releasableBy.length === 0) {
    return (
      <Text size="xs" c="dimmed">
        No release code: nobody’s key is known to seal one to (trust: collector), or its agent is older.
      </Text>
    )
  }
  const number = isolation.actual === 'open' ? 'N' : (isolation.number ?? 'N')
  return (
    <div>
      <Text size="xs" c="dimmed" mb={2}>
        Release code, without this collector: sealed to {releasableBy.join(', ')}
      </Text>
      <Text size="xs" className="mono breakable">
        tierline release-code {shellWord(hostname)} --number {number} --with KEY --from COPIES
      </Text>
    </div>
  )
}

function Switch({ endpoint }: { endpoint: EndpointDetail }) {
  const may = usePowers()
  const [isAsking, asking] = useDisclosure()
  const { desired, notReady } = endpoint.isolation
  const isCutOff = desired === 'isolated'
  const verb = isCutOff ? 'release' : 'isolate'
  const isolate = useEndpointChange(endpoint.id, (api, reason: string) => api.isolateEndpoint(endpoint.id, reason))
  const release = useEndpointChange(endpoint.id, (api, said: ReturnType<typeof note>) => api.releaseEndpoint(endpoint.id, said))
  if (!may(verb)) return null
  const isImpossible = !isCutOff && notReady !== null
  return (
    <>
      <Tooltip label={`This machine can't be isolated: ${notReady}`} disabled={!isImpossible} multiline maw={280}>
        <Button
          size="compact-xs"
          variant="default"
          {...(!isImpossible && !isCutOff && { c: 'red' })}
          disabled={isImpossible}
          onClick={asking.open}
        >
          {isCutOff ? 'Release' : 'Isolate'}
        </Button>
      </Tooltip>
      <ReasonDialog
        title={`Isolate ${endpoint.hostname}?`}
        sentence="It will reach its collector and nothing else, whoever is working on it, until somebody releases it."
        confirm="Isolate it"
        color="red"
        isOpen={isAsking && !isCutOff}
        isBusy={isolate.isPending}
        onClose={asking.close}
        onConfirm={(reason) => isolate.mutate(reason, { onSettled: asking.close })}
      />
      <ReleaseDialog
        hostname={endpoint.hostname}
        isOpen={isAsking && isCutOff}
        isBusy={release.isPending}
        onClose={asking.close}
        onConfirm={(said) => release.mutate(said, { onSettled: asking.close })}
      />
    </>
  )
}
