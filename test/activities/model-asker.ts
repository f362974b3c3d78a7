// A process of its own that asks a model and dies: `node model-asker.ts <state folder> <url> <dossier> <question> <moment>`.
import { ASKING, asking, type Moment } from '../support/model/asking.ts';

const [stateDir = '', url = '', dossier = '', question = '', moment = ''] = process.argv.slice(2);
const { activities } = asking(stateDir, url, (reached: Moment) => {
  if (reached === moment) process.kill(process.pid, 'SIGKILL');
});
await activities.askModel({ ...ASKING, dossier: JSON.parse(dossier), question: JSON.parse(question), raised: 0 });
process.stdout.write('done\n');
