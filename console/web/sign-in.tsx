/** Exchanges the operator token for a session. The token itself is kept nowhere. */
import { useState } from 'preact/hooks';
import { postJson } from './api-client.ts';

export function SignIn({ onDone, onCancel }: { readonly onDone: () => void; readonly onCancel?: () => void }) {
  const [token, setToken] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      await postJson('/api/session', { token: token.trim() });
      setToken('');
      onDone();
    } catch (error) {
      setFault(error instanceof Error ? error.message : 'Signing in failed.');
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="sign-in" onSubmit={(event) => void submit(event)}>
      <label>
        <span>Operator token</span>
        <input
          type="password"
          name="token"
          autocomplete="current-password"
          required
          value={token}
          aria-invalid={fault !== ''}
          aria-describedby="token-hint token-fault"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <p id="token-hint" class="hint">
        The server keeps it in its data folder, in the file <code>operator-token</code>.
      </p>
      <p id="token-fault" class="inline-fault" role="alert" hidden={fault === ''}>
        {fault}
      </p>
      <div class="buttons">
        {onCancel === undefined ? null : (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="primary" disabled={busy || token.trim() === ''}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </div>
    </form>
  );
}
