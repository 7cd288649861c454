import { Modal, PasswordInput, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '../api/api-context.tsx'
import { DialogForm } from '../frame/dialog-form.tsx'

/** A person changes their own password; whoever else uses it is out. */
export function ChangePassword({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  return (
    <Modal opened={isOpen} onClose={onClose} title="Change your password" centered>
      <PasswordForm onClose={onClose} />
    </Modal>
  )
}

function PasswordForm({ onClose }: { onClose(): void }) {
  const api = useApi()
  const [isMistyped, setMistyped] = useState(false)
  const change = useMutation({ mutationFn: api.changePassword })
  const submit = (fields: FormData): void => {
    // Not trimmed: a password may begin with a space.
    const [current, next, again] = ['current', 'next', 'again'].map((name) => String(fields.get(name)))
    setMistyped(next !== again)
    if (current === undefined || next === undefined || next !== again) return
    const done = (): void => {
      onClose()
      notifications.show({ color: 'teal', message: 'Your password is changed. Wherever else you were signed in, you are not any more.' })
    }
    change.mutate({ current, next }, { onSuccess: done })
  }
  return (
    <DialogForm submit="Change it" isBusy={change.isPending} error={change.error} onSubmit={submit} onCancel={onClose}>
      <PasswordInput name="current" label="Password now" autoComplete="current-password" required withAsterisk={false} data-autofocus />
      <PasswordInput
        name="next"
        label="New password"
        description="At least 12 characters; several words are easy to remember."
        autoComplete="new-password"
        minLength={12}
        maxLength={1_000}
        required
        withAsterisk={false}
      />
      <PasswordInput
        name="again"
        label="New password once more"
        autoComplete="new-password"
        required
        withAsterisk={false}
        error={isMistyped && 'The two are not the same.'}
      />
      <Text size="xs" c="dimmed">
        Your other sessions end. Tokens that you made for programs go on.
      </Text>
    </DialogForm>
  )
}
