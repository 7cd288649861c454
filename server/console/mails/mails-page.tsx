import { Stack, Title } from '@mantine/core'
import { HeldMails } from './held-mails.tsx'
import { RequestersCard } from './requesters-card.tsx'

/** What came by mail and waits for a person, and who the people are who ask. */
export function MailsPage() {
  return (
    <div className="page">
      <Title order={1} fz={20} mb="sm">
        Mail and requesters
      </Title>
      <Stack gap="md">
        <HeldMails />
        <RequestersCard />
      </Stack>
    </div>
  )
}
