import { startFlood } from './flooder.ts';
import { createNetwork } from './netns.ts';
import { startNginx } from './nginx.ts';
const n=createNetwork({hosts:['server','client']}); const g=await startNginx({prefix:n.prefix('server')});
for (const isFresh of [false,true]) for (const rateRps of [500,2000,4000]) { const e=await startFlood({url:`http://${n.address('server','client')}/`,rateRps,seconds:3,isFresh,timeoutMs:10000,prefix:n.prefix('client')}).ended(); console.log(isFresh,rateRps,e.sent,e.answered,e.skipped,((e.answered)/((e.lastAnswerMs!-e.firstAnswerMs!)/1000)).toFixed(0)); }
await g.stop(); await n.close();
