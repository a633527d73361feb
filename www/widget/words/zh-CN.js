/** All that a widget says, in simplified Chinese. */

/** @type {import("../language.js").Words} */
export default {
  loading: "正在加载…",
  loadingShare: share => `正在加载,已读取 ${share}`,
  waiting: "正在等待第一条事件…",
  nothingGiven: "暂无数据。",
  empty: "当前数据中没有可显示的内容。",
  none: "(无)",
  retry: "重试",
  details: "详细信息",
  updated: "已更新。",
  rows: ({ text }) => `${text} 行`,
  events: ({ text }) => `${text} 条事件`,

  roles: {
    actor: "访客", session: "会话", item: "商品", category: "类目", action: "行为", time: "时间", price: "价格", quantity: "数量", order: "订单", channel: "渠道",
  },
  stages: { view: "浏览", wish: "收藏", cart: "加购", checkout: "结算", buy: "购买" },

  topItems: {
    title: "热门商品",
    titleOf: what => `热门${what}`,
    place: "排名",
    events: "事件数",
    eventsOf: action => `事件数:${action}`,
    summary: (first, n) => `第一名:${first},${n}。`,
  },

  errors: {
    BAD_INPUT: ["无法读取这份数据。", "请检查数据地址是否正确,以及服务器是否允许本页面读取。"],
    BAD_QUERY: ["此视图的设置有误。", "原因见详细信息,请联系页面管理员处理。"],
    UNKNOWN_COLUMN: ["数据中缺少此视图需要的列。", "列名见详细信息,请联系页面管理员处理。"],
    OUT_OF_MEMORY: ["数据太大,当前浏览器标签页无法容纳。", "请关闭其他标签页,或缩短查询的时间范围。"],
    WORKER_LOST: ["计算被中断。", "请重试,系统会重新读取数据。"],
    UNSUPPORTED: ["此处无法显示这种数据。", "原因见详细信息,请联系页面管理员处理。"],
    OTHER: ["出现了问题。", "请重试,或联系页面管理员。"],
  },
};
