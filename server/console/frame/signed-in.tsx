import { Avatar, Group, Menu, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { ChangePassword } from '../session/change-password.tsx'
import { useIsProvider, usePowers, useSession, useSignOut } from '../session/session.ts'
import { PageMenuItem } from './page-link.tsx'
import { StopDialog } from './stop-button.tsx'

export function SignedIn() {
  const { person, collectorVersion } = useSession()
  const may = usePowers()
  const signOut = useMutation({ mutationFn: useSignOut() })
  const [isChanging, changing] = useDisclosure()
  const [isStopping, stopping] = useDisclosure()
  return (
    <>
      <Menu position="bottom-end" width={220} withArrow>
        <Menu.Target>
          <UnstyledButton aria-label={`Signed in as ${person.name}`}>
            <Group gap={8} wrap="nowrap">
              <Avatar size={28} radius="xl" color="cyan" name={person.name} />
              <Text size="sm" visibleFrom="sm" truncate maw={160}>
                {person.name}
              </Text>
            </Group>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {person.login}
            {person.isAdmin ? ' · admin' : ''}
            <br />
            {person.teams.join(', ') || 'in no team'}
          </Menu.Label>
          <Menu.Divider />
          <Pages />
          <Menu.Item component="a" href="/docs">
            API and docs
          </Menu.Item>
          <Menu.Divider />
          {may('answer-ask') && (
            <Menu.Item color="red" hiddenFrom="sm" onClick={stopping.open}>
              Stop isolating
            </Menu.Item>
          )}
          <Menu.Item onClick={changing.open}>Change password</Menu.Item>
          <Menu.Item onClick={() => signOut.mutate()}>Sign out</Menu.Item>
          <Menu.Divider />
          <Menu.Label>Collector {collectorVersion}</Menu.Label>
        </Menu.Dropdown>
      </Menu>
      <StopDialog isOpen={isStopping} onClose={stopping.close} />
      <ChangePassword isOpen={isChanging} onClose={changing.close} />
    </>
  )
}

function Pages() {
  const may = usePowers()
  const isProvider = useIsProvider()
  return (
    <>
      {isProvider && <PageMenuItem to="/teams">Teams and rosters</PageMenuItem>}
      {isProvider && may('work-tickets') && <PageMenuItem to="/mails">Mail and requesters</PageMenuItem>}
      {isProvider && may('work-tickets') && <PageMenuItem to="/scripts">Scripts</PageMenuItem>}
      {may('work-tickets') && <PageMenuItem to="/standing">Standing orders</PageMenuItem>}
      {may('work-tickets') && <PageMenuItem to="/key">My key and signing</PageMenuItem>}
      <PageMenuItem to="/maintenance">Maintenance and noise</PageMenuItem>
      {may('administer') && (
        <>
          <PageMenuItem to="/administration">Administration</PageMenuItem>
          <PageMenuItem to="/audit">Audit</PageMenuItem>
        </>
      )}
    </>
  )
}
