import { REQUIRED_SCOPES } from './required.ts';

/** The app as Slack creates it from a manifest: its name, what it may do, where clicks go. */
export function appManifest(options: { readonly name: string; readonly requestUrl: string }): object {
  return {
    _metadata: { major_version: 1, minor_version: 1 },
    display_information: {
      name: options.name,
      description: 'Heals repositories and the services that run from them',
      background_color: '#1d3c34',
    },
    features: { bot_user: { display_name: options.name, always_online: true } },
    oauth_config: { scopes: { bot: REQUIRED_SCOPES.map(([scope]) => scope) } },
    settings: {
      interactivity: { is_enabled: true, request_url: options.requestUrl },
      org_deploy_enabled: false,
      socket_mode_enabled: false,
      token_rotation_enabled: false,
    },
  };
}

/** Slack's page that begins a new app with this manifest. */
export function newAppUrl(manifest: object): string {
  return `https://api.slack.com/apps?new_app=1&manifest_json=${encodeURIComponent(JSON.stringify(manifest))}`;
}
