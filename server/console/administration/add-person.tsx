import { Checkbox, MultiSelect, PasswordInput, TextInput } from '@mantine/core'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'
import { chosenOrganisation, OrganisationSelect } from '../frame/organisation-select.tsx'

export function AddPerson({ teams, onClose }: { teams: string[]; onClose(): void }) {
  const add = useChange(keys.people, (api, input: Parameters<typeof api.addPerson>[0]) => api.addPerson(input))
  const submit = (fields: FormData): void =>
    add.mutate(
      {
        name: textOf(fields, 'name'),
        login: textOf(fields, 'login'),
        password: String(fields.get('password')),
        teams: textOf(fields, 'teams').split(',').filter(Boolean),
        isAdmin: fields.has('isAdmin'),
        organisationId: chosenOrganisation(fields),
      },
      { onSuccess: onClose },
    )
  return (
    <DialogForm submit="Add" isBusy={add.isPending} error={add.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="Name" maxLength={200} autoComplete="off" required data-autofocus />
      <TextInput name="login" label="Login" minLength={3} maxLength={200} autoComplete="off" autoCapitalize="none" required />
      <PasswordInput
        name="password"
        label="First password"
        description="At least 12 characters. They can change it once they are in."
        minLength={12}
        maxLength={1_000}
        autoComplete="new-password"
        required
      />
      <MultiSelect name="teams" label="Teams" data={teams} clearable />
      <OrganisationSelect label="Of" none="the provider (sees every organisation)" />
      <Checkbox name="isAdmin" label="May administer" />
    </DialogForm>
  )
}
