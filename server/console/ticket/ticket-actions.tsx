import { Button, Group, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { TicketDetail } from '#shared/api/tickets.ts'
import { ReasonDialog } from '../words/reason-dialog.tsx'
import { HopButtons, WaitButtons } from './hop-buttons.tsx'
import { ResolveDialog } from './resolve-dialog.tsx'
import { useTicketChange } from './use-ticket-change.ts'

/** What this person may do with this ticket now; nothing else has a button. */
export function TicketActions({ ticket }: { ticket: TicketDetail }) {
  const acknowledge = useTicketChange(ticket.id, (api, version: number) => api.acknowledge(ticket.id, version))
  const [isResolving, resolving] = useDisclosure()
  const can = (act: 'acknowledge' | 'resolve'): boolean => ticket.may.includes(act) && ticket.legalActions.includes(act)
  return (
    <Group gap="xs">
      <ContainButtons ticket={ticket} />
      <HopButtons ticket={ticket} />
      <WaitButtons ticket={ticket} />
      {can('resolve') && (
        <Button variant={can('acknowledge') ? 'default' : 'filled'} onClick={resolving.open}>
          Resolve
        </Button>
      )}
      {can('acknowledge') && (
        <Button loading={acknowledge.isPending} onClick={() => acknowledge.mutate(ticket.version)}>
          Acknowledge
        </Button>
      )}
      <ResolveDialog ticket={ticket} isOpen={isResolving} onClose={resolving.close} />
    </Group>
  )
}

function ContainButtons({ ticket }: { ticket: TicketDetail }) {
  const [asking, { open, close }] = useDisclosure()
  const isCutOff = ticket.isolation?.desired === 'isolated'
  const verb = isCutOff ? 'release' : 'isolate'
  const contain = useTicketChange(ticket.id, (api, reason: string) => api.contain(ticket.id, verb, { version: ticket.version, reason }))
  // While a question is open, its own box has the buttons.
  if (!ticket.endpoint || !ticket.isolation || ticket.containment === 'asked' || !ticket.may.includes(verb)) return null
  const whyNot =
    !isCutOff && !ticket.isolation.isReady ? `This machine can't be isolated: ${ticket.isolation.detail || 'it is not ready'}` : undefined
  return (
    <>
      <Tooltip label={whyNot} disabled={!whyNot} multiline maw={280}>
        <Button variant="default" {...(!whyNot && !isCutOff && { c: 'red' })} disabled={Boolean(whyNot)} onClick={open}>
          {isCutOff ? 'Release' : 'Isolate'}
        </Button>
      </Tooltip>
      <ReasonDialog
        title={`${isCutOff ? 'Release' : 'Isolate'} ${ticket.endpoint.hostname}?`}
        sentence={
          isCutOff
            ? 'It gets its whole network back at once. Make sure that what happened there is over.'
            : 'It will reach its collector and nothing else, whoever is working on it, until somebody releases it.'
        }
        confirm={isCutOff ? 'Release it' : 'Isolate it'}
        color={isCutOff ? 'cyan' : 'red'}
        isOpen={asking}
        isBusy={contain.isPending}
        onClose={close}
        onConfirm={(reason) => contain.mutate(reason, { onSettled: close })}
      />
    </>
  )
}
