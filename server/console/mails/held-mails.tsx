import { Alert, Card, Group, Select, Spoiler, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { HeldMail } from '#shared/api/mails.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { useApi } from '../api/api-context.tsx'
import { mailsQuery } from '../api/desk-queries.ts'
import { keys } from '../api/keys.ts'
import { openTicketsQuery, ticketQuery } from '../api/queries.ts'
import { useChange } from '../api/use-change.ts'
import { ConfirmButton } from '../frame/confirm-button.tsx'
import { DialogButton } from '../frame/dialog-button.tsx'
import { DialogForm } from '../frame/dialog-form.tsx'
import { PageLink } from '../frame/page-link.tsx'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'

/** Mails of unknown or doubted senders: a stranger's text, so it is shown as it came and obeyed in nothing. */
export function HeldMails() {
  const { data, error } = useQuery(mailsQuery(useApi()))
  return (
    <SectionCard title="Mails that wait for a person">
      <Text size="xs" c="dimmed" mt={-6} mb="xs">
        Their sender is unknown or may be forged, or they answer no ticket. Nothing happens until somebody decides.
      </Text>
      {error && <Alert color="red">{sentenceOf(error)}</Alert>}
      <Stack gap="sm">
        {data?.mails.map((mail) => (
          <Waiting key={mail.id} mail={mail} />
        ))}
        {data?.mails.length === 0 && (
          <Text size="sm" c="dimmed" ta="center" py="md">
            None waits.
          </Text>
        )}
      </Stack>
    </SectionCard>
  )
}

function Waiting({ mail }: { mail: HeldMail }) {
  const { id, sender, subject, text, reason, receivedAt } = mail
  return (
    <Card component="article" withBorder padding="sm" aria-label={subject || 'Without a subject'} data-mail={id}>
      <Group justify="space-between" align="flex-start">
        <div className="grow">
          <Text fw={600} size="sm" className="breakable">
            {subject || 'Without a subject'}
          </Text>
          <Text size="xs" c="dimmed" className="breakable">
            {sender} · <When at={receivedAt} />
          </Text>
        </div>
        <Group gap={6}>
          <DialogButton
            size="compact-xs"
            variant="default"
            label="Put on a ticket"
            dialog={(close) => <TakeForm mail={mail} onClose={close} />}
          />
          <ConfirmButton
            label="Drop"
            title="Drop this mail?"
            sentence={`Nobody hears of it, and ${sender} is not told.`}
            stale={keys.mails}
            act={(api) => api.dropMail({ mail: id })}
          />
        </Group>
      </Group>
      <Text size="sm" mt={6} fw={550}>
        {reason}
      </Text>
      <Claimed ticketId={mail.ticketId} />
      <Spoiler maxHeight={96} showLabel="All of it" hideLabel="Less" mt={6}>
        <Text size="sm" className="entry">
          {text}
        </Text>
      </Spoiler>
    </Card>
  )
}

function Claimed({ ticketId }: { ticketId: string | null }) {
  if (ticketId === null) return null
  return (
    <Text size="xs" c="dimmed">
      It claims to answer{' '}
      <PageLink to="/tickets/$id" params={{ id: ticketId }} fz="xs">
        this ticket
      </PageLink>
      .
    </Text>
  )
}

function TakeForm({ mail, onClose }: { mail: HeldMail; onClose(): void }) {
  const choices = useTickets(mail.ticketId)
  const [ticketId, choose] = useState<string | null>(mail.ticketId)
  const take = useChange(keys.mails, (api, chosen: string) => api.takeMail({ mail: mail.id, ticketId: chosen }))
  const submit = (): void => {
    if (ticketId !== null) take.mutate(ticketId, { onSuccess: onClose })
  }
  return (
    <DialogForm
      submit="Put it there"
      isBusy={take.isPending}
      isBlank={ticketId === null}
      error={take.error}
      onSubmit={submit}
      onCancel={onClose}
    >
      <Text size="sm">It stands on the ticket's timeline from then on, with its sender, and whoever has the ticket is told.</Text>
      <Select
        label="Ticket"
        placeholder="Number or a word of its title"
        data={choices}
        value={ticketId}
        onChange={choose}
        searchable
        nothingFoundMessage="No open ticket is called so."
      />
    </DialogForm>
  )
}

/** Those that are open, and the one that it claims to answer. */
function useTickets(claimedId: string | null): { value: string; label: string }[] {
  const api = useApi()
  const open = useQuery(openTicketsQuery(api)).data?.tickets ?? []
  const claimed = useQuery({ ...ticketQuery(api, claimedId ?? ''), enabled: claimedId !== null }).data
  const all = claimed && !open.some(({ id }) => id === claimed.id) ? [claimed, ...open] : open
  return all.map(({ id, number, title, organisation }) => ({ value: id, label: `#${number} ${title} (${organisation.name})` }))
}
